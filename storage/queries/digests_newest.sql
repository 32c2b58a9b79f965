-- The newest digests, newest week first.
SELECT week, title, body, created_at, html
FROM digests FINAL
ORDER BY week DESC
LIMIT %(limit)s
