-- Title and text of off-topic documents that no model has ever judged: they were kept while their language
-- was not supported. Removing them again changes nothing.
INSERT INTO documents (id, origin, source, outlet, kind, society, language, url, title, text, story,
                       author_key, published_at, fetched_at, day, version)
SELECT id, origin, source, outlet, kind, society, language, url, '', '', story,
       author_key, published_at, fetched_at, day, version + 1
FROM documents FINAL
WHERE day >= %(first)s AND day <= %(last)s AND (title != '' OR text != '')
  AND origin IN (
      SELECT origin FROM (
          SELECT origin, argMax(disposition, version) AS became
          FROM dispositions
          WHERE origin IN (SELECT origin FROM documents WHERE day >= %(first)s AND day <= %(last)s)
          GROUP BY origin
      )
      WHERE became = 'off_topic'
  )
  AND id NOT IN (
      SELECT document_id FROM readings WHERE day >= %(first)s AND day <= %(last)s
  )
