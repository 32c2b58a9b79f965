-- Documents of these societies that were published on these days, by source and day: all that are stored, and
-- those about migration. A reading of relevance 0 is of a document that was judged and is judged no more.
SELECT source, society, day, uniqExact(id) AS documents,
       uniqExactIf(id, id IN (
           SELECT document_id FROM readings FINAL
           WHERE day >= %(first)s AND day <= %(last)s AND day IN %(days)s
             AND society IN %(societies)s AND relevance > 0
       )) AS relevant
FROM documents
WHERE day >= %(first)s AND day <= %(last)s AND day IN %(days)s AND society IN %(societies)s
GROUP BY source, society, day
ORDER BY source, society, day
