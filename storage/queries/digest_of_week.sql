-- The digest of one ISO week.
SELECT week, title, body, created_at, html, told_at
FROM digests FINAL
WHERE week = %(week)s
