-- Messages that nobody has accepted yet, oldest first.
SELECT id, incident, kind, reason, title, body, created_at
FROM messages FINAL
WHERE isNull(told_at)
ORDER BY created_at, id
