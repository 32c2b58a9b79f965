-- Copies of a story are counted as such, figures have three weightings, incidents have a life, and what was seen
-- without being a fall has a place. A column that is there, or gone, is passed over (storage/migrate.py).

-- A row per outlet and story that several documents of the day share; the other documents of an outlet, whose
-- stories are their own, are the row with the empty story.
ALTER TABLE daily_counts
    ADD COLUMN story String AFTER outlet,
    MODIFY ORDER BY (society, target, day, outlet, story);

-- It counted each outlet's stories by itself; the rows say more.
ALTER TABLE daily_counts DROP COLUMN stories;

-- All days anew, so that the figures of old days know stories too (their points follow at the next watch).
INSERT INTO daily_counts (society, target, day, outlet, story, support, neutral, oppose, version)
SELECT society, target, day, outlet, told,
       sum(supporting), sum(neutral_ones), sum(opposing), max(toUInt64(now())) * 1000000
FROM (
    SELECT society, target, day, outlet,
           if(copied = 1 AND stance != 'not_addressed', story, '') AS told,
           toUInt64(stance = 'support') AS supporting,
           toUInt64(stance = 'neutral') AS neutral_ones,
           toUInt64(stance = 'oppose')  AS opposing
    FROM (
        SELECT society, target, day, outlet, story, stance FROM judgements FINAL
    )
    ALL LEFT JOIN (
        SELECT society, target, day, story, toUInt8(1) AS copied
        FROM judgements FINAL
        WHERE stance != 'not_addressed' AND story != ''
        GROUP BY society, target, day, story
        HAVING count() > 1
    ) USING (society, target, day, story)
    UNION ALL
    SELECT society, target, day, outlet, story AS told,
           toUInt64(0) AS supporting, toUInt64(0) AS neutral_ones, toUInt64(0) AS opposing
    FROM daily_counts
    GROUP BY society, target, day, outlet, story
)
GROUP BY society, target, day, outlet, told;

-- The figures of the other two weightings; n_eff beside each.
ALTER TABLE points
    ADD COLUMN net_support_per_story       Nullable(Float64) AFTER n_eff,
    ADD COLUMN lower_per_story             Nullable(Float64) AFTER net_support_per_story,
    ADD COLUMN upper_per_story             Nullable(Float64) AFTER lower_per_story,
    ADD COLUMN n_eff_per_story             Float64           AFTER upper_per_story,
    ADD COLUMN net_support_outlet_balanced Nullable(Float64) AFTER n_eff_per_story,
    ADD COLUMN lower_outlet_balanced       Nullable(Float64) AFTER net_support_outlet_balanced,
    ADD COLUMN upper_outlet_balanced       Nullable(Float64) AFTER lower_outlet_balanced,
    ADD COLUMN n_eff_outlet_balanced       Float64           AFTER upper_outlet_balanced;

DROP TABLE IF EXISTS daily_support;

-- Daily support of each series per document, per story (copies count once) and outlet-balanced (no outlet
-- counts for more than twenty documents), with interval and state.
CREATE VIEW IF NOT EXISTS daily_support AS
SELECT society, target, day, net_support, lower, upper,
       support + neutral + oppose AS n, n_eff, outlets, support, neutral, oppose, state,
       net_support_per_story, lower_per_story, upper_per_story, n_eff_per_story,
       net_support_outlet_balanced, lower_outlet_balanced, upper_outlet_balanced, n_eff_outlet_balanced
FROM points FINAL;

-- Days that were estimated and not yet looked at for falls: set before their points are stored, cleared when the
-- incidents are, so that a watch that is cut off leaves nothing unseen.
CREATE TABLE IF NOT EXISTS days_to_watch (
    society String,
    target  String,
    day     Date,
    waiting UInt8,
    version UInt64
) ENGINE = ReplacingMergeTree(version)
PARTITION BY toYYYYMM(day)
ORDER BY (society, target, day);

-- What was seen and is no fall that people are told of: amplification, mix, shock, unusually low.
CREATE TABLE IF NOT EXISTS signals (
    kind    String,
    society String,
    target  String,
    day     Date,                   -- on which it was seen
    since   Date,
    change  Float64,
    text    String,                 -- one sentence
    version UInt64
) ENGINE = ReplacingMergeTree(version)
PARTITION BY toYYYYMM(day)
ORDER BY (kind, society, target, day);

CREATE VIEW IF NOT EXISTS signals_seen AS
SELECT day, kind, society, target, since, change, text FROM signals FINAL;

-- The life of an incident after its opening.
ALTER TABLE incidents
    ADD COLUMN rule            String DEFAULT 'fall'     AFTER reason,
    ADD COLUMN severity        String DEFAULT 'alert'    AFTER rule,
    ADD COLUMN grade           String                    AFTER severity, -- JSON (alerts/severity.py)
    ADD COLUMN deepened_on     Nullable(Date)            AFTER grade,
    ADD COLUMN settled_change  Nullable(Float64)         AFTER deepened_on,
    ADD COLUMN settled_lower   Nullable(Float64)         AFTER settled_change,
    ADD COLUMN settled_upper   Nullable(Float64)         AFTER settled_lower,
    ADD COLUMN acknowledged_at Nullable(DateTime('UTC')) AFTER settled_upper,
    ADD COLUMN acknowledged_by String                  AFTER acknowledged_at,
    ADD COLUMN note            String                  AFTER acknowledged_by,
    ADD COLUMN silenced_until  Nullable(DateTime('UTC')) AFTER note,
    ADD COLUMN told_at         Nullable(DateTime('UTC')) AFTER silenced_until;

-- What mails, pages and payloads are made of, beside the text.
ALTER TABLE messages
    ADD COLUMN html      String AFTER body,
    ADD COLUMN society   String AFTER html,
    ADD COLUMN severity  String AFTER society,
    ADD COLUMN falls     String AFTER severity, -- JSON (alerts/fall_facts.py)
    ADD COLUMN truncated UInt32 AFTER falls;

ALTER TABLE digests ADD COLUMN html String AFTER body;

-- What became of each message in each channel.
CREATE TABLE IF NOT EXISTS deliveries (
    message  String,
    channel  String,
    attempts UInt32,
    told_at  Nullable(DateTime('UTC')),
    next_at  Nullable(DateTime('UTC')),
    error    String,
    version  UInt64
) ENGINE = ReplacingMergeTree(version)
ORDER BY (message, channel);

-- Channels that failed in a row, and those that were switched off for it.
CREATE TABLE IF NOT EXISTS channel_states (
    channel     String,
    failures    UInt32,
    disabled_at Nullable(DateTime('UTC')),
    error       String,
    version     UInt64
) ENGINE = ReplacingMergeTree(version)
ORDER BY channel;
