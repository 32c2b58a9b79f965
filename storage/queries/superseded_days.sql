-- Days of which an older version of some words is still there.
SELECT DISTINCT day
FROM (
    SELECT id, day, count() AS versions FROM document_texts GROUP BY id, day HAVING versions > 1
)
ORDER BY day
