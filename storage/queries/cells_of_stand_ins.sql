-- The (society, day) cells that these stand-ins are counted in.
SELECT DISTINCT society, day
FROM judgements
WHERE document_id IN %(ids)s
ORDER BY society, day
