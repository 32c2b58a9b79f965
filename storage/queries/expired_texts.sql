-- Days before one, with how many documents have words on them.
SELECT day, uniqExact(id)
FROM document_texts
WHERE day < %(before)s
GROUP BY day
ORDER BY day
