-- Dead letters of one status, newest first; an empty reason matches all.
SELECT origin, source, place, reason, payload, truncated, status, read_at
FROM dead_letters FINAL
WHERE status = %(status)s AND positionCaseInsensitive(reason, %(reason)s) > 0
ORDER BY read_at DESC, origin
LIMIT %(limit)s
