-- Documents about migration of these societies between two days, both included, by outlet, kind, language, topic and flags,
-- with their contributors. The empty topic stands for all of them. A reading of relevance 0 is of a document that is judged
-- no more.
SELECT society, outlet, kind, language, topic, conflates, dehumanising, count(), groupUniqArray(contributor)
FROM (
    SELECT society, outlet, kind, language, conflates, dehumanising, contributor,
           arrayJoin(arrayConcat([''], topics)) AS topic
    FROM (
        SELECT society, document_id, outlet, conflates, dehumanising, topics
        FROM readings FINAL
        WHERE society IN %(societies)s AND day >= %(first)s AND day <= %(last)s AND relevance > 0
    )
    ALL INNER JOIN (
        SELECT society, document_id, any(kind) AS kind, any(language) AS language, any(contributor) AS contributor
        FROM judgements
        WHERE society IN %(societies)s AND day >= %(first)s AND day <= %(last)s
        GROUP BY society, document_id
    ) USING (society, document_id)
)
GROUP BY society, outlet, kind, language, topic, conflates, dehumanising
ORDER BY society, outlet, kind, language, topic, conflates, dehumanising
