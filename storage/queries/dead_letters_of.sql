-- Dead letters of these rows, whatever their status.
SELECT origin, source, place, reason, payload, truncated, status, read_at
FROM dead_letters FINAL
WHERE origin IN %(origins)s
ORDER BY origin
