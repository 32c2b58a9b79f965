-- Contributors of documents about migration by society and topic, published between two days, both included; the empty
-- topic stands for all of them, whatever they speak of. A reading of relevance 0 is of a document that is judged no more.
SELECT society, topic, groupUniqArray(contributor) AS marks
FROM (
    SELECT society, document_id, arrayJoin(arrayConcat([''], topics)) AS topic
    FROM readings FINAL
    WHERE day >= %(first)s AND day <= %(last)s AND relevance > 0
)
ALL INNER JOIN (
    SELECT document_id, any(contributor) AS contributor
    FROM judgements FINAL
    WHERE day >= %(first)s AND day <= %(last)s
    GROUP BY document_id
) USING (document_id)
GROUP BY society, topic
ORDER BY society, topic
