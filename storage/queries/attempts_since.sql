-- The last attempt at each source since a time, and how many there were. Files that were imported are no sources.
SELECT source,
       argMax(outcome, started_at)  AS last_outcome,
       argMax(error, started_at)    AS last_error,
       count()                      AS attempts,
       countIf(outcome = 'failed')  AS failures
FROM source_runs FINAL
WHERE started_at >= %(since)s AND position(source, 'import:') != 1
GROUP BY source
ORDER BY source
