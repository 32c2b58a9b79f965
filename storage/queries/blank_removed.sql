-- What these documents said, where they stood and who wrote them, taken away. Removing it again changes nothing.
INSERT INTO documents (id, origin, source, outlet, kind, society, language, url, title, text, story,
                       author_key, published_at, fetched_at, day, version)
SELECT id, origin, source, outlet, kind, society, language, '', '', '', story,
       '', published_at, fetched_at, day, %(version)s
FROM documents FINAL
WHERE id IN %(ids)s AND (title != '' OR text != '' OR url != '' OR author_key != '')
