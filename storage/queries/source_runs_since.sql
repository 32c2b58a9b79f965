-- Attempts at sources since a time, oldest first.
SELECT run, source, started_at, finished_at, outcome, http_status, entries, new, known, dead, error,
       passed_over, removed, failure, gap_since, gap_until
FROM source_runs FINAL
WHERE started_at >= %(since)s
ORDER BY started_at, source
