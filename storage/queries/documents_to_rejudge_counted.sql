-- How many documents documents_to_rejudge finds, by disposition and model of the reading, and how many of
-- them have no text any more (it expired or was removed).
SELECT disposition, model, count() AS documents, sum(without_text) AS no_text
FROM (
    SELECT id, without_text, disposition, reason, ledger_version
    FROM (
        SELECT id, argMax(origin, version) AS read_as,
               toUInt8(id NOT IN (
                   SELECT id FROM document_texts FINAL
                   WHERE day >= %(first)s AND day <= %(last)s AND (title != '' OR text != '')
               )) AS without_text
        FROM documents
        WHERE day >= %(first)s AND day <= %(last)s AND (%(society)s = '' OR society = %(society)s)
        GROUP BY id
    )
    ALL INNER JOIN (
        SELECT origin AS read_as, argMax(disposition, version) AS disposition,
               argMax(reason, version) AS reason, max(version) AS ledger_version
        FROM dispositions
        WHERE origin IN (
            SELECT origin FROM documents
            WHERE day >= %(first)s AND day <= %(last)s
              AND (%(society)s = '' OR society = %(society)s)
        )
        GROUP BY origin
    ) USING (read_as)
)
ALL LEFT JOIN (
    SELECT document_id AS id, argMax(model, version) AS model, max(version) AS reading_version
    FROM readings
    WHERE day >= %(first)s AND day <= %(last)s
    GROUP BY document_id
) USING (id)
WHERE (disposition = 'judged' AND (model != %(model)s OR reading_version > ledger_version))
   OR (disposition IN %(others)s AND position(reason, %(mark)s) != 1)
GROUP BY disposition, model
ORDER BY disposition, model
