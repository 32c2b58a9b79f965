-- Ids of documents with these addresses, as they are kept.
SELECT DISTINCT id
FROM documents
WHERE url IN %(urls)s
SETTINGS log_queries = 0
