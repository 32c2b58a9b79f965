-- The highest version that collecting, scoring and watching have written, each to the smallest of its tables.
SELECT max(version)
FROM (
    SELECT max(version) AS version FROM daily_counts
    UNION ALL SELECT max(version) AS version FROM dead_letters
    UNION ALL SELECT max(version) AS version FROM source_states
    UNION ALL SELECT max(version) AS version FROM source_runs
    UNION ALL SELECT max(version) AS version FROM days_to_watch
    UNION ALL SELECT max(version) AS version FROM incidents
    UNION ALL SELECT max(version) AS version FROM deliveries
    UNION ALL SELECT max(version) AS version FROM channel_states
    UNION ALL SELECT max(version) AS version FROM digests
    UNION ALL SELECT max(version) AS version FROM silences
    UNION ALL SELECT max(version) AS version FROM concerns
    UNION ALL SELECT max(version) AS version FROM self_checks
)
