-- Documents that address the target of these series between two days, both included, by day, outlet, kind, language, topic
-- and story, with their contributors (ten of a row are enough for the k-floor) and models. The empty topic stands for all,
-- whatever they speak of; a story is named where several documents of the day and target share it, as in daily_counts.
SELECT society, target, day, outlet, kind, language, topic, told,
       countIf(stance = 'support'), countIf(stance = 'neutral'), countIf(stance = 'oppose'),
       arraySlice(arraySort(groupUniqArray(contributor)), 1, %(kept)s), groupUniqArray(model)
FROM (
    SELECT society, target, day, outlet, kind, language, stance, contributor, model,
           if(copied = 1, story, '') AS told, arrayJoin(arrayConcat([''], topics)) AS topic
    FROM (
        SELECT society, target, day, document_id, outlet, kind, language, story, stance, contributor, model, topics
        FROM (
            SELECT society, target, day, document_id, outlet, kind, language, story, stance, contributor, model
            FROM judgements FINAL
            WHERE (society, target) IN %(series)s AND day >= %(first)s AND day <= %(last)s AND stance != 'not_addressed'
        )
        ALL LEFT JOIN (
            SELECT society, day, document_id, topics
            FROM readings FINAL
            WHERE society IN %(societies)s AND day >= %(first)s AND day <= %(last)s
        ) USING (society, day, document_id)
    )
    ALL LEFT JOIN (
        SELECT society, target, day, story, toUInt8(1) AS copied
        FROM judgements FINAL
        WHERE (society, target) IN %(series)s AND day >= %(first)s AND day <= %(last)s
          AND stance != 'not_addressed' AND story != ''
        GROUP BY society, target, day, story
        HAVING count() > 1
    ) USING (society, target, day, story)
)
GROUP BY society, target, day, outlet, kind, language, topic, told
ORDER BY society, target, day, outlet, kind, language, topic, told
