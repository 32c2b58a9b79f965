-- When sources fell silent (not read for two poll periods), and when they were read again; people are told once.
CREATE TABLE IF NOT EXISTS silences (
    source     String,
    noticed_at DateTime('UTC'),
    ended_at   Nullable(DateTime('UTC')),  -- none while it lasts
    version    UInt64
) ENGINE = ReplacingMergeTree(version)
ORDER BY (source, noticed_at);
