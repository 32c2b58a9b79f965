-- Dead letters of every status by origin, from the one after `after`.
SELECT origin, source, place, reason, payload
FROM dead_letters FINAL
WHERE origin > %(after)s
ORDER BY origin
LIMIT %(limit)s
