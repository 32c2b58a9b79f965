-- Messages since a time that quote documents, with the version that is read, by id from the one after `after`.
SELECT id, incident, kind, reason, title, body, created_at, html, society, severity, falls, truncated, told_at, version
FROM messages FINAL
WHERE created_at >= %(since)s AND id > %(after)s
  AND (position(body, %(mark)s) > 0 OR position(html, %(mark)s) > 0 OR position(falls, '"sentence":') > 0)
ORDER BY id
LIMIT %(limit)s
