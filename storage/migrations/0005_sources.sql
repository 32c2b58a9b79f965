-- Sources that are no feeds: where their reading goes on, what they passed over and took back, and how they failed.

ALTER TABLE source_states
    ADD COLUMN cursor String,          -- where the next reading begins, in the reader's own words
    ADD COLUMN failure_score Float64;  -- hard 1, soft 0.5, temporary 0.25; 0 after a success

ALTER TABLE source_runs
    ADD COLUMN passed_over UInt64,     -- rows that are not ours to keep; never stored
    ADD COLUMN removed UInt64,         -- documents that were deleted at the source
    ADD COLUMN failure String,         -- hard, soft, temporary; empty when it did not fail
    ADD COLUMN gap_since Nullable(DateTime('UTC')),  -- a stretch that the source no longer gave
    ADD COLUMN gap_until Nullable(DateTime('UTC'));

-- Documents that their authors deleted, or closed to us. Text, title, address and author key are gone; what was
-- counted stays counted. A document that is still on its way is stored without them.
CREATE TABLE IF NOT EXISTS removed_documents (
    document_id String,
    source      String,
    removed_at  DateTime('UTC'),
    version     UInt64
) ENGINE = ReplacingMergeTree(version)
ORDER BY document_id;
