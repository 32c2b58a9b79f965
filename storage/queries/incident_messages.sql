-- What people were told of incidents since a time, oldest first. `falls` (JSON) names all incidents of a message.
SELECT incident, kind, reason, created_at, falls
FROM messages FINAL
WHERE incident != '' AND created_at >= %(since)s AND isNotNull(told_at)
ORDER BY created_at, id
