-- Attempts at each source by day, in a span of time: when one last succeeded and last failed (1970 where none
-- did), and whether any published a document. Files that were imported are no sources.
-- Without FINAL: a run that was written twice says the same twice, and nothing is added up.
SELECT source, toDate(started_at) AS day,
       maxIf(started_at, outcome IN ('ok', 'unchanged'))    AS last_success,
       maxIf(started_at, outcome = 'failed')                AS last_failure,
       max(new) > 0                                         AS brought
FROM source_runs
WHERE started_at >= %(since)s AND started_at < %(until)s
  AND outcome IN ('ok', 'unchanged', 'failed') AND position(source, 'import:') != 1
GROUP BY source, day
ORDER BY source, day
