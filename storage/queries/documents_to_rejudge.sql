-- Documents between two days that this model has not judged, by id from the one after `after`: their row in
-- the ledger, and the model of their reading (empty where they have none).
-- A judged document is one of them when its reading is of another model, or newer than its row in the ledger:
-- then a re-judging stored it and was cut off. One of another disposition is until the ledger's reason begins
-- with `mark`, which names the model.
SELECT id, read_as, of_source AS source, of_society AS society, of_day AS day, disposition, read_at, model,
       greatest(ledger_version, reading_version) AS newest
FROM (
    SELECT id, read_as, of_source, of_society, of_day, disposition, reason, read_at, ledger_version
    FROM (
        -- Other names inside: an alias equal to a column would replace it in WHERE.
        SELECT id, argMax(origin, version) AS read_as, any(source) AS of_source,
               any(society) AS of_society, any(day) AS of_day
        FROM documents
        WHERE day >= %(first)s AND day <= %(last)s AND id > %(after)s
          AND (%(society)s = '' OR society = %(society)s)
        GROUP BY id
    )
    ALL INNER JOIN (
        SELECT origin AS read_as, argMax(disposition, version) AS disposition,
               argMax(reason, version) AS reason, argMax(at, version) AS read_at,
               max(version) AS ledger_version
        FROM dispositions
        WHERE origin IN (
            SELECT origin FROM documents
            WHERE day >= %(first)s AND day <= %(last)s AND id > %(after)s
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
ORDER BY id
LIMIT %(limit)s
