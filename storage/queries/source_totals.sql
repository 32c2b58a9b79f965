-- What the attempts at each source since a time add up to, what the last one that failed said (1970 where none did),
-- and what the last one had to say. Files that were imported are no sources.
SELECT source,
       count()                                        AS attempts,
       countIf(outcome = 'failed')                    AS failed,
       -- Other names than the columns': an alias equal to a column would replace it within the aggregates.
       sum(passed_over)                               AS rows_passed_over,
       sum(removed)                                   AS documents_removed,
       maxIf(started_at, outcome = 'failed')          AS last_failed_at,
       argMaxIf(error, started_at, outcome = 'failed')    AS last_error,
       argMaxIf(failure, started_at, outcome = 'failed')  AS last_failure,
       argMax(if(outcome = 'failed', '', error), started_at)  AS last_note
FROM source_runs FINAL
WHERE started_at >= %(since)s AND position(source, 'import:') != 1
GROUP BY source
ORDER BY source
