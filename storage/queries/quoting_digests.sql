-- Digests of these weeks that quote documents, with the version that is read.
SELECT week, title, body, created_at, html, told_at, version
FROM digests FINAL
WHERE week >= %(first)s AND week <= %(last)s
  AND (position(body, %(mark)s) > 0 OR position(html, %(mark)s) > 0)
ORDER BY week
