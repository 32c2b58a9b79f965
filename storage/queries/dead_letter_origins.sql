-- Which rows are dead letters of one status, oldest first; an empty reason matches all.
SELECT origin
FROM dead_letters FINAL
WHERE status = %(status)s AND positionCaseInsensitive(reason, %(reason)s) > 0
ORDER BY read_at, origin
