-- Judged documents published on these days, with all that was judged of each, and whether their words are kept.
SELECT document_id, society, kind, day, targets, stances, model,
       toUInt8(document_id IN (
           SELECT id FROM document_texts FINAL
           WHERE day >= %(first)s AND day <= %(last)s AND (title != '' OR text != '')
       )) AS readable
FROM (
    SELECT document_id, society, any(of_kind) AS kind, any(on_day) AS day, any(by_model) AS model,
           groupArray(target) AS targets, groupArray(stance) AS stances
    FROM (
        SELECT document_id, society, kind AS of_kind, day AS on_day, model AS by_model, target, stance
        FROM judgements FINAL
        WHERE day >= %(first)s AND day <= %(last)s AND (%(society)s = '' OR society = %(society)s)
    )
    GROUP BY document_id, society
)
ORDER BY document_id
