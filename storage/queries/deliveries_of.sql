-- Deliveries of these messages.
SELECT message, channel, attempts, told_at, next_at, error
FROM deliveries FINAL
WHERE message IN %(messages)s
ORDER BY message, channel
