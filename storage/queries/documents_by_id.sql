-- These documents, whole. The days and the range of ids tell the engine where they lie.
SELECT id, source, outlet, kind, society, language, url, title, text, published_at, fetched_at,
       author_key, story
FROM documents FINAL
WHERE day >= %(first)s AND day <= %(last)s AND id >= %(from_id)s AND id <= %(to_id)s
  AND id IN %(ids)s
ORDER BY id
