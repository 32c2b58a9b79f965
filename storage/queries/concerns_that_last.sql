-- Concerns that are not over, in the order in which they began.
SELECT kind, name, title, what, remedy, message, began_at, told_at, ended_at
FROM concerns FINAL
WHERE isNull(ended_at)
ORDER BY began_at, kind, name
