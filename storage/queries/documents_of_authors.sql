-- Documents of these authors whose words are kept; of one source, or of all where it is empty.
SELECT id
FROM documents FINAL
WHERE (%(source)s = '' OR source = %(source)s)
  AND id IN (SELECT id FROM document_texts FINAL WHERE author_key IN %(keys)s)
ORDER BY id
