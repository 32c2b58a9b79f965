-- Where and when these documents were said, and which row brought each.
SELECT id, origin, society, published_at, story
FROM documents FINAL
WHERE id IN %(ids)s
