-- Sources that were found silent until a time and were not read again since.
SELECT source, noticed_at
FROM silences FINAL
WHERE isNull(ended_at) AND noticed_at <= %(now)s
ORDER BY source, noticed_at
