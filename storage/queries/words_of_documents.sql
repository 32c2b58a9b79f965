-- What is kept of these documents, to find where they are quoted.
SELECT id, source, outlet, kind, society, day, url, title, text, author_key
FROM (
    SELECT id, source, outlet, kind, society, day, url FROM documents FINAL WHERE id IN %(ids)s
)
ALL LEFT JOIN (
    SELECT id, title, text, author_key FROM document_texts FINAL WHERE id IN %(ids)s
) USING (id)
ORDER BY id
