-- These documents, whole; one whose words are not kept any more has none. The days and the range of ids tell the engine
-- where they lie.
SELECT id, source, outlet, kind, society, language, url, title, text, published_at, fetched_at,
       author_key, story
FROM (
    SELECT id, source, outlet, kind, society, language, url, published_at, fetched_at, story
    FROM documents FINAL
    WHERE day >= %(first)s AND day <= %(last)s AND id >= %(from_id)s AND id <= %(to_id)s
      AND id IN %(ids)s
)
ALL LEFT JOIN (
    SELECT id, title, text, author_key
    FROM document_texts FINAL
    WHERE day >= %(first)s AND day <= %(last)s AND id >= %(from_id)s AND id <= %(to_id)s
      AND id IN %(ids)s
) USING (id)
ORDER BY id
