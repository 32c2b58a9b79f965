-- The targets that each of these documents has a judgement of.
SELECT DISTINCT document_id, target
FROM judgements
WHERE day >= %(first)s AND day <= %(last)s AND document_id IN %(ids)s
ORDER BY document_id, target
