-- Which of these documents are stored, which row brought each of them first, and when it counts.
SELECT id,
       argMin(origin, version)          AS first_origin,
       argMin(society, version)         AS first_society,
       argMin(published_at, version)    AS first_published,
       argMin(fetched_at, version)      AS first_fetched
FROM documents
WHERE id IN %(ids)s
GROUP BY id
