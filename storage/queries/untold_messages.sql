-- Ids of messages that nobody has accepted yet, oldest first. One whose incident is not there was written by a
-- watch that ended before it saved the incident; the next watch decides again and writes it again.
SELECT id
FROM messages FINAL
WHERE isNull(told_at) AND (incident = '' OR incident IN (SELECT id FROM incidents))
ORDER BY created_at, id
