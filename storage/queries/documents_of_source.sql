-- Ids of all documents of a source, after one of them. Stand-ins of documents that are gone have no origin.
SELECT DISTINCT id
FROM documents
WHERE source = %(source)s AND id > %(after)s AND origin != ''
ORDER BY id
LIMIT %(limit)s
