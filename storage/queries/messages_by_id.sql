-- These messages. One whose incident is not there was written by a watch that ended before it saved the incident; the
-- next watch decides again and writes it again.
SELECT id, incident, kind, reason, title, body, created_at, html, society, severity, falls, truncated
FROM messages FINAL
WHERE id IN %(ids)s AND (incident = '' OR incident IN (SELECT id FROM incidents))
ORDER BY created_at, id
