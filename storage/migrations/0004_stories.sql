-- What near-duplicates are found by (ingest/story_signature.py), kept for documents that are kept.

-- A document as its story knows it. Written twice: before its story is decided, so that other workers see it, and after.
CREATE TABLE IF NOT EXISTS story_members (
    id           String,
    published_at DateTime('UTC'),
    day          Date,
    story        String,
    settled      UInt8,
    shingles     Array(UInt32),
    numbers      Array(UInt64),
    title        UInt32,
    version      UInt64
) ENGINE = ReplacingMergeTree(version)
PARTITION BY toYYYYMM(day)
ORDER BY id;

-- The keys that copies have in common.
CREATE TABLE IF NOT EXISTS story_keys (
    key          UInt32,
    day          Date,
    published_at DateTime('UTC'),
    id           String
) ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(day)
ORDER BY (key, day, published_at, id);
