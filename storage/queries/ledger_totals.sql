-- Rows read, by what became of them.
SELECT disposition, count() AS documents
FROM dispositions FINAL
GROUP BY disposition
