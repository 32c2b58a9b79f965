-- Stretches that sources no longer gave, as their readings told afterwards, as far as they touch a span of time.
-- Without FINAL: a run that was written twice says the same twice, and stretches that overlap are taken together.
SELECT DISTINCT source, gap_since, gap_until
FROM source_runs
WHERE isNotNull(gap_since) AND gap_since < %(until)s AND gap_until > %(since)s
  AND outcome IN ('ok', 'unchanged') AND position(source, 'import:') != 1
ORDER BY source, gap_since
