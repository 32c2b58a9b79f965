-- Documents that address the target of each of these series between two days, by topic, and their contributors; the
-- empty topic stands for all of them, whatever they speak of.
SELECT society, target, topic, count(), groupUniqArray(contributor)
FROM (
    SELECT society, target, contributor, arrayJoin(arrayConcat([''], topics)) AS topic
    FROM (
        SELECT document_id, society, target, contributor
        FROM judgements FINAL
        WHERE (society, target) IN %(series)s AND day >= %(first)s AND day <= %(last)s
          AND stance != 'not_addressed'
    )
    ALL INNER JOIN (
        SELECT document_id, topics
        FROM readings FINAL
        WHERE day >= %(first)s AND day <= %(last)s
    ) USING (document_id)
)
GROUP BY society, target, topic
ORDER BY society, target, topic
