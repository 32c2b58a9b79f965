-- Deliveries that no channel has accepted yet, those of the oldest messages first.
SELECT message, channel, attempts, told_at, next_at, error
FROM deliveries FINAL
WHERE isNull(told_at)
ORDER BY version, message, channel
