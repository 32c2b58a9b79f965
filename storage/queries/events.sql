-- Event annotations that were not removed.
SELECT id, society, target, day, kind, title, url
FROM event_annotations FINAL
WHERE removed = 0
ORDER BY society, day, id
