-- The other side of the ledger's account: what was published, told by those who published it; which documents a worker
-- has in hand, so that one that ends the process is found; and the balance of it all as a view.

-- Every row that was read and is durable on the bus, once each however often it is published.
CREATE TABLE IF NOT EXISTS rows_published (
    origin  String,
    source  String,
    at      DateTime('UTC'),
    version UInt64
) ENGINE = ReplacingMergeTree(version)
ORDER BY origin;

-- Rows of before this table was made are known by what became of them.
INSERT INTO rows_published (origin, source, at, version)
SELECT origin, source, at, version FROM dispositions;

-- What each worker is judging: written before, emptied after. Where it stays, the worker ended in between.
CREATE TABLE IF NOT EXISTS in_hand (
    worker  String,
    origins Array(String),
    at      DateTime('UTC'),
    version UInt64
) ENGINE = ReplacingMergeTree(version)
ORDER BY worker;

-- One row: produced = judged + off_topic + unsupported_language + duplicate + dead + waiting. `waiting` are rows that
-- were published and have no disposition: they are on the bus, or lost (`barometer health --ledger` asks the bus).
-- `replays_waiting` are dead letters that were published again and are still dead. `from_elsewhere` are rows that no
-- publisher of ours told of: others publish, too, and one of ours may be killed before it tells. `counted_twice` is
-- what daily_counts has more than the judgements say, with documents that are judged under two rows or on two days;
-- `not_counted` is what daily_counts lacks. While a batch is being stored these two may differ from 0.
CREATE VIEW IF NOT EXISTS ledger_balance AS
SELECT sum(rows_all) AS produced, sum(rows_judged) AS judged, sum(rows_off_topic) AS off_topic,
       sum(rows_unsupported) AS unsupported_language, sum(rows_duplicate) AS duplicate, sum(rows_dead) AS dead,
       sum(rows_waiting) AS waiting, sum(replays) AS replays_waiting, sum(rows_elsewhere) AS from_elsewhere,
       sum(twice) AS counted_twice, sum(lacking) AS not_counted
FROM (
    SELECT count() AS rows_all,
           countIf(word = 'judged')               AS rows_judged,
           countIf(word = 'off_topic')            AS rows_off_topic,
           countIf(word = 'unsupported_language') AS rows_unsupported,
           countIf(word = 'duplicate')            AS rows_duplicate,
           countIf(word = 'dead')                 AS rows_dead,
           countIf(word = '')                     AS rows_waiting,
           toUInt64(0)                            AS replays,
           countIf(told = 0)                      AS rows_elsewhere,
           toUInt64(0)                            AS twice,
           toUInt64(0)                            AS lacking
    FROM (
        SELECT origin, max(by_publisher) AS told, max(disposition) AS word
        FROM (
            SELECT origin, toUInt8(1) AS by_publisher, '' AS disposition FROM rows_published
            UNION ALL
            SELECT origin, toUInt8(0) AS by_publisher, disposition FROM dispositions FINAL
        )
        GROUP BY origin
    )
    UNION ALL
    -- Letters that were published again and are dead in the ledger.
    SELECT toUInt64(0) AS rows_all, toUInt64(0) AS rows_judged, toUInt64(0) AS rows_off_topic,
           toUInt64(0) AS rows_unsupported, toUInt64(0) AS rows_duplicate, toUInt64(0) AS rows_dead,
           toUInt64(0) AS rows_waiting, count() AS replays, toUInt64(0) AS rows_elsewhere,
           toUInt64(0) AS twice, toUInt64(0) AS lacking
    FROM (
        SELECT origin
        FROM (
            SELECT origin, toUInt8(1) AS again, toUInt8(0) AS still FROM dead_letters FINAL WHERE status = 'replayed'
            UNION ALL
            SELECT origin, toUInt8(0) AS again, toUInt8(1) AS still FROM dispositions FINAL WHERE disposition = 'dead'
        )
        GROUP BY origin
        HAVING max(again) = 1 AND max(still) = 1
    )
    UNION ALL
    -- What is counted against what is judged, by outlet, day and stance.
    SELECT toUInt64(0) AS rows_all, toUInt64(0) AS rows_judged, toUInt64(0) AS rows_off_topic,
           toUInt64(0) AS rows_unsupported, toUInt64(0) AS rows_duplicate, toUInt64(0) AS rows_dead,
           toUInt64(0) AS rows_waiting, toUInt64(0) AS replays, toUInt64(0) AS rows_elsewhere,
           toUInt64(sum(greatest(more_support, 0) + greatest(more_neutral, 0) + greatest(more_oppose, 0))) AS twice,
           toUInt64(0 - sum(least(more_support, 0) + least(more_neutral, 0) + least(more_oppose, 0))) AS lacking
    FROM (
        SELECT society, target, day, outlet,
               sum(supporting) AS more_support, sum(neutral_ones) AS more_neutral, sum(opposing) AS more_oppose
        FROM (
            SELECT society, target, day, outlet, toInt64(support) AS supporting, toInt64(neutral) AS neutral_ones,
                   toInt64(oppose) AS opposing
            FROM daily_counts FINAL
            UNION ALL
            SELECT society, target, day, outlet, 0 - toInt64(stance = 'support') AS supporting,
                   0 - toInt64(stance = 'neutral') AS neutral_ones, 0 - toInt64(stance = 'oppose') AS opposing
            FROM judgements FINAL
        )
        GROUP BY society, target, day, outlet
    )
    UNION ALL
    -- A document has one judgement for a target, on one day of one society.
    SELECT toUInt64(0) AS rows_all, toUInt64(0) AS rows_judged, toUInt64(0) AS rows_off_topic,
           toUInt64(0) AS rows_unsupported, toUInt64(0) AS rows_duplicate, toUInt64(0) AS rows_dead,
           toUInt64(0) AS rows_waiting, toUInt64(0) AS replays, toUInt64(0) AS rows_elsewhere,
           toUInt64(sum(judged_rows - 1)) AS twice, toUInt64(0) AS lacking
    FROM (
        SELECT document_id, target, count() AS judged_rows
        FROM judgements FINAL
        WHERE stance != 'not_addressed'
        GROUP BY document_id, target
    )
    UNION ALL
    -- … and one row of the ledger says that it was judged.
    SELECT toUInt64(0) AS rows_all, toUInt64(0) AS rows_judged, toUInt64(0) AS rows_off_topic,
           toUInt64(0) AS rows_unsupported, toUInt64(0) AS rows_duplicate, toUInt64(0) AS rows_dead,
           toUInt64(0) AS rows_waiting, toUInt64(0) AS replays, toUInt64(0) AS rows_elsewhere,
           toUInt64(count() - uniqExact(document_id)) AS twice, toUInt64(0) AS lacking
    FROM dispositions FINAL
    WHERE disposition = 'judged'
);
