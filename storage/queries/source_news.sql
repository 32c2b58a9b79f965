-- Documents that were new at each source, by day (UTC) of the attempts that were answered. Files that were imported are no sources.
SELECT source, toDate(started_at) AS day, sum(new)
FROM source_runs FINAL
WHERE started_at >= %(since)s AND outcome IN ('ok', 'unchanged') AND position(source, 'import:') != 1
GROUP BY source, day
ORDER BY source, day
