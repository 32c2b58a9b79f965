-- What was said lies apart from what is counted: words in a table of their own, a partition a day, so that a day's words
-- are dropped whole when they expire. What expired and what was forgotten stands in a log.

-- Only for a run that was cut off behind the last statement on these columns: then they are moved, and gone, already.
ALTER TABLE documents
    ADD COLUMN title      String AFTER url,
    ADD COLUMN text       String AFTER title,
    ADD COLUMN author_key String AFTER story;

-- Title, text and author of a document, for as long as they are kept. The day is that of publication, as everywhere.
CREATE TABLE IF NOT EXISTS document_texts (
    id         String,
    day        Date,
    title      String,
    text       String,
    author_key String,
    version    UInt64
) ENGINE = ReplacingMergeTree(version)
PARTITION BY day
ORDER BY id;

INSERT INTO document_texts (id, day, title, text, author_key, version)
SELECT id, day, title, text, author_key, version
FROM documents FINAL
WHERE title != '' OR text != '' OR author_key != '';

ALTER TABLE documents DROP COLUMN title, DROP COLUMN text, DROP COLUMN author_key;

DROP TABLE IF EXISTS documents_read;

-- Documents that can be shown, with the time that counts; a title for as long as it is kept.
CREATE VIEW IF NOT EXISTS documents_read AS
SELECT id, source, outlet, kind, society, language, url, title, story, day, published_at, fetched_at
FROM (
    SELECT id, source, outlet, kind, society, language, url, story, day, published_at, fetched_at
    FROM documents FINAL
)
ALL LEFT JOIN (
    SELECT id, title FROM document_texts FINAL WHERE title != ''
) USING (id);

-- Why a document is gone, what stands in its place in what is counted until it is erased, and when it was erased.
ALTER TABLE removed_documents
    ADD COLUMN why       String DEFAULT 'deleted at its source' AFTER source,
    ADD COLUMN stand_in  String AFTER why,
    ADD COLUMN erased_at Nullable(DateTime('UTC')) AFTER removed_at;

-- One row for everything that expired or was forgotten at one time.
CREATE TABLE IF NOT EXISTS retention_runs (
    at          DateTime('UTC'),
    what        String,
    kept_days   UInt32,             -- 0 where no number of days decides
    removed     UInt64,
    oldest_left Nullable(Date),
    note        String,
    version     UInt64
) ENGINE = ReplacingMergeTree(version)
ORDER BY (at, what);

CREATE VIEW IF NOT EXISTS retention_log AS
SELECT at, what, kept_days, removed, oldest_left, note FROM retention_runs FINAL;
