-- Survey anchors that were not removed.
SELECT id, society, target, day, source, question, unit, value, lower, upper, n, url
FROM survey_anchors FINAL
WHERE removed = 0
ORDER BY society, target, day, id
