-- The tables. Every row that can be written twice is in a ReplacingMergeTree and carries the version
-- of its writing (microseconds, storage/database.py): a replay replaces, it never adds.
-- Floor: ClickHouse 18.16. Never edit a migration that has been released; add the next one.

-- One row per document; the first arrival stays (a later one is a duplicate). Text of off-topic
-- documents is not kept.
CREATE TABLE IF NOT EXISTS documents (
    id           String,
    origin       String,            -- the row read that brought it
    source       String,
    outlet       String,
    kind         String,
    society      String,
    language     String,
    url          String,
    title        String,
    text         String,
    story        String,
    author_key   String,
    published_at DateTime('UTC'),
    fetched_at   DateTime('UTC'),
    day          Date,
    version      UInt64
) ENGINE = ReplacingMergeTree(version)
PARTITION BY toYYYYMM(day)
ORDER BY id;

-- What the model says of a document as a whole.
CREATE TABLE IF NOT EXISTS readings (
    document_id  String,
    society      String,
    day          Date,
    outlet       String,
    relevance    Float64,
    topics       Array(String),
    conflates    UInt8,
    dehumanising UInt8,
    model        String,
    version      UInt64
) ENGINE = ReplacingMergeTree(version)
PARTITION BY toYYYYMM(day)
ORDER BY (society, day, document_id);

-- One row per document and target. Newest wins: re-judging never doubles a count.
CREATE TABLE IF NOT EXISTS judgements (
    document_id     String,
    society         String,
    target          String,
    day             Date,
    outlet          String,
    kind            String,
    language        String,
    story           String,
    stance          String,
    p_support       Float64,
    p_neutral       Float64,
    p_oppose        Float64,
    p_not_addressed Float64,
    model           String,
    version         UInt64
) ENGINE = ReplacingMergeTree(version)
PARTITION BY toYYYYMM(day)
ORDER BY (society, target, day, document_id);

-- Judged documents per outlet and day, recounted for the days that a batch touched.
CREATE TABLE IF NOT EXISTS daily_counts (
    society  String,
    target   String,
    day      Date,
    outlet   String,
    support  UInt64,
    neutral  UInt64,
    oppose   UInt64,
    stories  UInt64,                -- distinct stories among them
    version  UInt64
) ENGINE = ReplacingMergeTree(version)
PARTITION BY toYYYYMM(day)
ORDER BY (society, target, day, outlet);

-- One day of one series, as published.
CREATE TABLE IF NOT EXISTS points (
    society     String,
    target      String,
    day         Date,
    support     UInt64,
    neutral     UInt64,
    oppose      UInt64,
    outlets     UInt64,
    net_support Nullable(Float64),
    lower       Nullable(Float64),
    upper       Nullable(Float64),
    n_eff       Float64,
    state       String,
    version     UInt64              -- the newest daily_counts version that it rests on
) ENGINE = ReplacingMergeTree(version)
PARTITION BY toYYYYMM(day)
ORDER BY (society, target, day);

-- The ledger: what became of every row read, once each.
CREATE TABLE IF NOT EXISTS dispositions (
    origin      String,
    document_id String,
    source      String,
    disposition String,
    reason      String,
    at          DateTime('UTC'),
    version     UInt64
) ENGINE = ReplacingMergeTree(version)
ORDER BY origin;

-- What can never be judged, with its origin and reason.
CREATE TABLE IF NOT EXISTS dead_letters (
    origin    String,
    source    String,
    place     String,
    reason    String,
    payload   String,
    truncated UInt8,
    status    String,               -- dead, replayed
    read_at   DateTime('UTC'),
    version   UInt64
) ENGINE = ReplacingMergeTree(version)
ORDER BY origin;

-- One row per attempt to read a source or a file.
CREATE TABLE IF NOT EXISTS source_runs (
    run         String,
    source      String,
    started_at  DateTime('UTC'),
    finished_at DateTime('UTC'),
    outcome     String,             -- ok, unchanged, failed, interrupted
    http_status UInt16,
    entries     UInt64,             -- read: new + known + dead
    new         UInt64,             -- published to the bus
    known       UInt64,             -- stored before, not published again
    dead        UInt64,
    error       String,
    version     UInt64
) ENGINE = ReplacingMergeTree(version)
ORDER BY (source, run);

-- What the fetcher must remember of a source between runs.
CREATE TABLE IF NOT EXISTS source_states (
    source          String,
    etag            String,
    last_modified   String,
    next_due_at     DateTime('UTC'),
    failures        UInt32,         -- in a row
    last_success_at Nullable(DateTime('UTC')),
    version         UInt64
) ENGINE = ReplacingMergeTree(version)
ORDER BY source;

CREATE TABLE IF NOT EXISTS incidents (
    id          String,
    society     String,
    target      String,
    status      String,             -- open, resolved
    drop_day    Date,               -- first day of the fall
    detected_on Date,
    opened_at   DateTime('UTC'),
    resolved_at Nullable(DateTime('UTC')),
    baseline    Float64,            -- net support before the fall; kept while open
    net_support Float64,            -- at detection
    change      Float64,
    lower       Float64,            -- 95 % interval of the change
    upper       Float64,
    reason      String,
    version     UInt64
) ENGINE = ReplacingMergeTree(version)
ORDER BY id;

-- What people are told of an incident: saved first, told, then marked told.
CREATE TABLE IF NOT EXISTS messages (
    id          String,
    incident    String,
    kind        String,             -- opened, resolved
    reason      String,
    title       String,
    body        String,
    created_at  DateTime('UTC'),
    told_at     Nullable(DateTime('UTC')),
    version     UInt64
) ENGINE = ReplacingMergeTree(version)
ORDER BY id;

CREATE TABLE IF NOT EXISTS digests (
    week       String,              -- 2026-W47
    title      String,
    body       String,
    created_at DateTime('UTC'),
    told_at    Nullable(DateTime('UTC')),
    version    UInt64
) ENGINE = ReplacingMergeTree(version)
ORDER BY week;
