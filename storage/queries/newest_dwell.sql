-- The incident that was told last: the day from which it fell, the day on which that was certain, and when people had it.
SELECT drop_day, detected_on, told_at
FROM (
    SELECT incident AS id, told_at FROM messages FINAL WHERE kind = 'opened' AND isNotNull(told_at)
)
ALL INNER JOIN (
    SELECT id, drop_day, detected_on FROM incidents FINAL
) USING id
ORDER BY told_at DESC
LIMIT 1
