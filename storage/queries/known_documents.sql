-- Which of these documents are stored, and which row brought each of them first.
SELECT id, argMin(origin, version) AS first_origin
FROM documents
WHERE id IN %(ids)s
GROUP BY id
