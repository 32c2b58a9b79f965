-- What is wrong with Barometer itself (alerts/concern.py): operators are told when it begins, at most daily while it lasts,
-- and when it is over.
CREATE TABLE IF NOT EXISTS concerns (
    kind     String,
    name     String,
    began_at DateTime('UTC'),
    title    String,
    what     String,
    remedy   String,
    message  String,
    told_at  Nullable(DateTime('UTC')),  -- last; none before
    ended_at Nullable(DateTime('UTC')),  -- none while it lasts
    version  UInt64
) ENGINE = ReplacingMergeTree(version)
ORDER BY (kind, name, began_at);

-- Each check of the self-monitor: that it was made, and how many messages waited on the bus (none where nobody could ask).
CREATE TABLE IF NOT EXISTS self_checks (
    at       DateTime('UTC'),
    concerns UInt32,
    backlog  Nullable(UInt64),
    version  UInt64
) ENGINE = ReplacingMergeTree(version)
ORDER BY at;
