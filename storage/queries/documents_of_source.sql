-- Ids of all documents of a source, after one of them.
SELECT DISTINCT id
FROM documents
WHERE source = %(source)s AND id > %(after)s
ORDER BY id
LIMIT %(limit)s
