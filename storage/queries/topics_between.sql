-- Documents about migration by society and topic, published between two days, both included. A document that
-- speaks of several topics counts in each. A reading of relevance 0 is of a document that is judged no more.
SELECT society, topic, uniqExact(document_id) AS documents
FROM (
    SELECT society, document_id, arrayJoin(topics) AS topic
    FROM readings FINAL
    WHERE day >= %(first)s AND day <= %(last)s AND relevance > 0
)
GROUP BY society, topic
ORDER BY society, topic
