-- Title and text of off-topic documents that no model has ever judged: they were kept while their language
-- was not supported. Removing them again changes nothing.
INSERT INTO document_texts (id, day, title, text, author_key, version)
SELECT id, day, '', '', author_key, version + 1
FROM document_texts FINAL
WHERE day >= %(first)s AND day <= %(last)s AND (title != '' OR text != '')
  AND id IN (
      SELECT id FROM documents
      WHERE day >= %(first)s AND day <= %(last)s
        AND origin IN (
            SELECT origin FROM (
                SELECT origin, argMax(disposition, version) AS became
                FROM dispositions
                WHERE origin IN (SELECT origin FROM documents WHERE day >= %(first)s AND day <= %(last)s)
                GROUP BY origin
            )
            WHERE became = 'off_topic'
        )
  )
  AND id NOT IN (
      SELECT document_id FROM readings WHERE day >= %(first)s AND day <= %(last)s
  )
