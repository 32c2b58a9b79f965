-- Stored documents of these authors at one source.
SELECT id
FROM documents FINAL
WHERE source = %(source)s AND author_key IN %(keys)s
ORDER BY id
