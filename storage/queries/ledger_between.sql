-- Rows read by what became of them, recorded in a span of time.
SELECT disposition, count() AS documents
FROM dispositions FINAL
WHERE at >= %(first)s AND at < %(last)s
GROUP BY disposition
