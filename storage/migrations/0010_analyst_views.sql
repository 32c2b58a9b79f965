-- What analysts ask of weeks. Intervals, weightings and what a change is made of need the estimator, so the watch writes
-- them (flows/weekly_figures.py) and the views show them. What the k-floor withholds is not written at all.

-- Weeks that were counted anew and not estimated since; the watch estimates those that are over.
CREATE TABLE IF NOT EXISTS weeks_to_estimate (
    society String,
    target  String,
    monday  Date,
    waiting UInt8,
    version UInt64
) ENGINE = ReplacingMergeTree(version)
PARTITION BY toYear(monday)
ORDER BY (society, target, monday);

-- What there is already.
INSERT INTO weeks_to_estimate (society, target, monday, waiting, version)
SELECT society, target, toMonday(day) AS monday, 1, max(version)
FROM points
GROUP BY society, target, monday;

-- A week of a series, or a part of it: the dimension is topic, outlet, kind or language, and empty for the whole.
CREATE TABLE IF NOT EXISTS weekly_figures (
    society       String,
    target        String,
    monday        Date,
    dimension     String,
    part          String,
    week          String,              -- 2026-W47
    net_support   Nullable(Float64),
    lower         Nullable(Float64),
    upper         Nullable(Float64),
    n             Nullable(UInt64),
    n_eff         Nullable(Float64),
    outlets       Nullable(UInt64),
    support       Nullable(UInt64),
    neutral       Nullable(UInt64),
    oppose        Nullable(UInt64),
    state         String,
    withheld      UInt8,
    net_support_per_story       Nullable(Float64),
    lower_per_story             Nullable(Float64),
    upper_per_story             Nullable(Float64),
    n_eff_per_story             Nullable(Float64),
    net_support_outlet_balanced Nullable(Float64),
    lower_outlet_balanced       Nullable(Float64),
    upper_outlet_balanced       Nullable(Float64),
    n_eff_outlet_balanced       Nullable(Float64),
    degraded_days UInt8,
    models        Array(String),
    gone          UInt8,               -- a part that the week had and has no more
    version       UInt64
) ENGINE = ReplacingMergeTree(version)
PARTITION BY toYear(monday)
ORDER BY (society, target, dimension, monday, part);

-- A week against the week before: the whole under the empty outlet, and what each outlet gave to it.
CREATE TABLE IF NOT EXISTS weekly_changes (
    society      String,
    target       String,
    monday       Date,
    outlet       String,
    week         String,
    change       Nullable(Float64),    -- of an outlet: what it gave to the change of the whole
    lower        Nullable(Float64),    -- of the whole alone, as are upper, within_lower, within_upper
    upper        Nullable(Float64),
    within       Nullable(Float64),
    within_lower Nullable(Float64),
    within_upper Nullable(Float64),
    mix          Nullable(Float64),
    entry        Nullable(Float64),
    exit         Nullable(Float64),
    label        String,               -- opinion, mix, none
    net_support_before Nullable(Float64),
    net_support_after  Nullable(Float64),
    share_before Nullable(Float64),    -- of the documents of the week
    share_after  Nullable(Float64),
    n_before     Nullable(UInt64),
    n_after      Nullable(UInt64),
    state        String,
    withheld     UInt8,
    gone         UInt8,
    version      UInt64
) ENGINE = ReplacingMergeTree(version)
PARTITION BY toYear(monday)
ORDER BY (society, target, monday, outlet);

-- Of a society's documents about migration in a week: how many have a part, and their share. The dimension is topic, flag,
-- outlet, kind or language, and empty for all of them.
CREATE TABLE IF NOT EXISTS weekly_shares (
    society   String,
    monday    Date,
    dimension String,
    part      String,
    week      String,
    documents Nullable(UInt64),
    share     Nullable(Float64),       -- 0 to 1, of n
    lower     Nullable(Float64),
    upper     Nullable(Float64),
    n         Nullable(UInt64),
    n_eff     Nullable(Float64),
    outlets   Nullable(UInt64),
    state     String,
    withheld  UInt8,
    gone      UInt8,
    version   UInt64
) ENGINE = ReplacingMergeTree(version)
PARTITION BY toYear(monday)
ORDER BY (society, dimension, monday, part);

-- Whether attitudes toward irregular migration moved before support for regular programmes, on the year up to a day.
CREATE TABLE IF NOT EXISTS spillovers (
    society         String,
    day             Date,
    verdict         String,
    reason          String,
    days            UInt32,
    missing         UInt32,
    horizon         UInt32,
    lag             Nullable(Int32),
    effect          Nullable(Float64),
    lower           Nullable(Float64),
    upper           Nullable(Float64),
    correlation     Nullable(Float64),
    p_projection    Nullable(Float64),
    p_asymmetry     Nullable(Float64),
    p_noise_robust  Nullable(Float64),
    sentence        String,
    version         UInt64
) ENGINE = ReplacingMergeTree(version)
PARTITION BY toYear(day)
ORDER BY (society, day);

CREATE VIEW IF NOT EXISTS weekly_support AS
SELECT society, target, week, monday, net_support, lower, upper, n, n_eff, outlets, support, neutral, oppose,
       state, withheld, net_support_per_story, lower_per_story, upper_per_story, n_eff_per_story,
       net_support_outlet_balanced, lower_outlet_balanced, upper_outlet_balanced, n_eff_outlet_balanced,
       degraded_days, models
FROM weekly_figures FINAL
WHERE dimension = '' AND gone = 0;

CREATE VIEW IF NOT EXISTS weekly_support_by_topic AS
SELECT society, target, week, monday, part AS topic, net_support, lower, upper, n, n_eff, outlets, support, neutral,
       oppose, state, withheld, net_support_per_story, lower_per_story, upper_per_story, n_eff_per_story,
       net_support_outlet_balanced, lower_outlet_balanced, upper_outlet_balanced, n_eff_outlet_balanced
FROM weekly_figures FINAL
WHERE dimension = 'topic' AND gone = 0;

CREATE VIEW IF NOT EXISTS weekly_support_by_outlet AS
SELECT society, target, week, monday, part AS outlet, net_support, lower, upper, n, n_eff, support, neutral,
       oppose, state, withheld, net_support_per_story, lower_per_story, upper_per_story, n_eff_per_story
FROM weekly_figures FINAL
WHERE dimension = 'outlet' AND gone = 0;

CREATE VIEW IF NOT EXISTS weekly_support_by_kind AS
SELECT society, target, week, monday, part AS kind, net_support, lower, upper, n, n_eff, outlets, support, neutral,
       oppose, state, withheld, net_support_per_story, lower_per_story, upper_per_story, n_eff_per_story,
       net_support_outlet_balanced, lower_outlet_balanced, upper_outlet_balanced, n_eff_outlet_balanced
FROM weekly_figures FINAL
WHERE dimension = 'kind' AND gone = 0;

CREATE VIEW IF NOT EXISTS weekly_support_by_language AS
SELECT society, target, week, monday, part AS language, net_support, lower, upper, n, n_eff, outlets, support, neutral,
       oppose, state, withheld, net_support_per_story, lower_per_story, upper_per_story, n_eff_per_story,
       net_support_outlet_balanced, lower_outlet_balanced, upper_outlet_balanced, n_eff_outlet_balanced
FROM weekly_figures FINAL
WHERE dimension = 'language' AND gone = 0;

CREATE VIEW IF NOT EXISTS weekly_change AS
SELECT society, target, week, monday, change, lower, upper, within, within_lower, within_upper, mix, entry, exit, label,
       net_support_before, net_support_after, n_before, n_after, state, withheld
FROM weekly_changes FINAL
WHERE outlet = '' AND gone = 0;

CREATE VIEW IF NOT EXISTS weekly_change_by_outlet AS
SELECT society, target, week, monday, outlet, change AS contribution, within, mix, entry, exit,
       net_support_before, net_support_after, share_before, share_after, n_before, n_after, withheld
FROM weekly_changes FINAL
WHERE outlet != '' AND gone = 0;

CREATE VIEW IF NOT EXISTS weekly_topics AS
SELECT society, week, monday, part AS topic, documents, share, lower, upper, n, n_eff, outlets, state, withheld
FROM weekly_shares FINAL
WHERE dimension = 'topic' AND gone = 0;

CREATE VIEW IF NOT EXISTS weekly_conflation AS
SELECT society, week, monday, documents, share, lower, upper, n, n_eff, outlets, state, withheld
FROM weekly_shares FINAL
WHERE dimension = 'flag' AND part = 'conflates' AND gone = 0;

CREATE VIEW IF NOT EXISTS weekly_dehumanising AS
SELECT society, week, monday, documents, share, lower, upper, n, n_eff, outlets, state, withheld
FROM weekly_shares FINAL
WHERE dimension = 'flag' AND part = 'dehumanising' AND gone = 0;

-- What of the documents about migration came from where.
CREATE VIEW IF NOT EXISTS weekly_coverage AS
SELECT society, week, monday, dimension, part, documents, share, n, withheld
FROM weekly_shares FINAL
WHERE dimension IN ('', 'outlet', 'kind', 'language') AND gone = 0;

CREATE VIEW IF NOT EXISTS spillover AS
SELECT society, day, verdict, reason, days, missing, lag, effect, lower, upper, correlation,
       p_projection, p_asymmetry, p_noise_robust, sentence
FROM spillovers FINAL;

-- Incidents of days that may be published; what somebody wrote when acknowledging is left out.
CREATE VIEW IF NOT EXISTS incidents_seen AS
SELECT id AS incident, society, target, status, rule, severity, drop_day, detected_on, opened_at, acknowledged_at,
       silenced_until, resolved_at, baseline, net_support, change, lower, upper,
       settled_change, settled_lower, settled_upper, reason
FROM incidents FINAL
WHERE id IN (
    -- One day of the fall is at or above the floor: then so are all of them together.
    SELECT id
    FROM (
        SELECT id, society, target, drop_day, if(isNull(deepened_on), detected_on, deepened_on) AS until
        FROM incidents FINAL
    )
    ALL INNER JOIN (
        SELECT society, target, day
        FROM points FINAL
        WHERE withheld = 0 AND support + neutral + oppose > 0
          AND (society, target) IN (SELECT society, target FROM incidents)
    ) USING (society, target)
    WHERE day >= drop_day AND day <= until
);

-- What people were told and when; their texts are where they were sent.
CREATE VIEW IF NOT EXISTS messages_told AS
SELECT id AS message, incident, kind, society, severity, title, created_at, told_at, channels_told, channels_waiting
FROM (
    SELECT id, incident, kind, society, severity, title, created_at, told_at
    FROM messages FINAL
    WHERE incident = '' OR incident IN (SELECT incident FROM incidents_seen)
)
ALL LEFT JOIN (
    SELECT message AS id, countIf(isNotNull(sent_at)) AS channels_told, countIf(isNull(sent_at)) AS channels_waiting
    FROM (
        SELECT message, told_at AS sent_at FROM deliveries FINAL
    )
    GROUP BY id
) USING (id);

DROP TABLE IF EXISTS documents_read;

-- Documents that an editor or an office answers for, with the time that counts; a title for as long as it is kept. What
-- people posted is counted and never listed.
CREATE VIEW IF NOT EXISTS documents_read AS
SELECT id, source, outlet, kind, society, language, url, title, story, day, published_at, fetched_at
FROM (
    SELECT id, last_source AS source, last_outlet AS outlet, last_kind AS kind, society, last_language AS language,
           last_url AS url, last_story AS story, day, last_published AS published_at, last_fetched AS fetched_at
    FROM (
        -- Grouped and not FINAL: the table is sorted by id, and only so does a question for a day read that day alone. A
        -- document keeps its society and day. Other names inside: an alias equal to a column would replace it.
        SELECT society, day, id,
               argMax(source, version)       AS last_source,
               argMax(outlet, version)       AS last_outlet,
               argMax(kind, version)         AS last_kind,
               argMax(language, version)     AS last_language,
               argMax(url, version)          AS last_url,
               argMax(story, version)        AS last_story,
               argMax(published_at, version) AS last_published,
               argMax(fetched_at, version)   AS last_fetched
        FROM documents
        WHERE kind IN ('news', 'official')
        GROUP BY society, day, id
    )
)
ALL LEFT JOIN (
    SELECT day, id, last_title AS title
    FROM (
        SELECT day, id, argMax(title, version) AS last_title
        FROM document_texts
        GROUP BY day, id
    )
) USING (day, id);

DROP TABLE IF EXISTS source_health;

-- The last attempt at each source, and since when it is silent.
CREATE VIEW IF NOT EXISTS source_health AS
SELECT source, outcome, last_run, new, error, runs, failed, last_success_at, silent_since
FROM (
    SELECT source, last_outcome AS outcome, last_run, last_new AS new, last_error AS error, runs, failed
    FROM (
        -- Other names inside: an alias equal to a column would replace it within the aggregates.
        SELECT source,
               argMax(outcome, version)     AS last_outcome,
               argMax(finished_at, version) AS last_run,
               argMax(new, version)         AS last_new,
               argMax(error, version)       AS last_error,
               count()                      AS runs,
               countIf(outcome = 'failed')  AS failed
        FROM source_runs FINAL
        GROUP BY source
    )
)
ALL LEFT JOIN (
    SELECT source, max(succeeded) AS last_success_at, max(silent) AS silent_since
    FROM (
        SELECT source, last_success_at AS succeeded, CAST(NULL AS Nullable(DateTime('UTC'))) AS silent
        FROM source_states FINAL
        UNION ALL
        SELECT source, CAST(NULL AS Nullable(DateTime('UTC'))) AS succeeded,
               if(isNull(ended_at), noticed_at, NULL) AS silent
        FROM silences FINAL
    )
    GROUP BY source
) USING (source);

-- Attempts at each source by day (UTC).
CREATE VIEW IF NOT EXISTS source_attempts AS
SELECT source, toDate(started_at) AS day, count() AS attempts, countIf(outcome = 'failed') AS failed,
       countIf(outcome = 'interrupted') AS interrupted
FROM source_runs FINAL
WHERE position(source, 'import:') != 1
GROUP BY source, day;

-- The ledger by the day (UTC) on which a row was read.
CREATE VIEW IF NOT EXISTS ledger_by_day AS
SELECT toDate(at) AS day, disposition, count() AS documents
FROM dispositions FINAL
GROUP BY day, disposition;

-- What each view and each of its columns means.
CREATE VIEW IF NOT EXISTS view_columns AS
SELECT tupleElement(one, 1) AS view, tupleElement(one, 2) AS name, tupleElement(one, 3) AS meaning
FROM (
    SELECT arrayJoin([
        ('daily_support', '', 'Net support of each series by day, three weightings. A single day is noisy; weeks are in weekly_support.'),
        ('daily_support', 'society', 'ISO 3166-1 code of the public concerned'),
        ('daily_support', 'target', 'what the attitude is about: regular, irregular, asylum, general, or one of your own'),
        ('daily_support', 'day', 'day of publication, UTC'),
        ('daily_support', 'net_support', 'share that supports less share that opposes, -100 to +100, each document once; NULL without documents or when withheld'),
        ('daily_support', 'lower', 'lower end of its 95 % interval'),
        ('daily_support', 'upper', 'upper end'),
        ('daily_support', 'n', 'documents that address the target; NULL when withheld'),
        ('daily_support', 'n_eff', 'independent documents that they are worth (copies of a story are one voice, an outlet\'s texts are alike)'),
        ('daily_support', 'outlets', 'outlets that they are of'),
        ('daily_support', 'support', 'documents judged supportive, as judged (net_support is corrected for the model\'s known errors)'),
        ('daily_support', 'neutral', 'documents judged neutral'),
        ('daily_support', 'oppose', 'documents judged opposed'),
        ('daily_support', 'state', 'ok, insufficient, degraded or no_data; use a figure only where it is ok'),
        ('daily_support', 'withheld', '1 where fewer than ten contributors spoke, or the figure would give such a one away: nothing is published'),
        ('daily_support', 'net_support_per_story', 'the same with copies of a story counted once'),
        ('daily_support', 'lower_per_story', 'lower end of its 95 % interval'),
        ('daily_support', 'upper_per_story', 'upper end'),
        ('daily_support', 'n_eff_per_story', 'independent documents under this weighting'),
        ('daily_support', 'net_support_outlet_balanced', 'the same with no outlet counting for more than twenty documents'),
        ('daily_support', 'lower_outlet_balanced', 'lower end of its 95 % interval'),
        ('daily_support', 'upper_outlet_balanced', 'upper end'),
        ('daily_support', 'n_eff_outlet_balanced', 'independent documents under this weighting'),
        ('weekly_support', '', 'Net support of each series by week, three weightings, as the digest tells it. Only weeks that are over.'),
        ('weekly_support', 'society', 'ISO 3166-1 code of the public concerned'),
        ('weekly_support', 'target', 'what the attitude is about: regular, irregular, asylum, general, or one of your own'),
        ('weekly_support', 'week', 'ISO week such as 2026-W47, by day of publication (UTC)'),
        ('weekly_support', 'monday', 'its first day'),
        ('weekly_support', 'net_support', 'share that supports less share that opposes, -100 to +100, each document once; NULL without documents or when withheld'),
        ('weekly_support', 'lower', 'lower end of its 95 % interval'),
        ('weekly_support', 'upper', 'upper end'),
        ('weekly_support', 'n', 'documents that address the target; NULL when withheld'),
        ('weekly_support', 'n_eff', 'independent documents that they are worth (copies of a story are one voice, an outlet\'s texts are alike)'),
        ('weekly_support', 'outlets', 'outlets that they are of'),
        ('weekly_support', 'support', 'documents judged supportive, as judged (net_support is corrected for the model\'s known errors)'),
        ('weekly_support', 'neutral', 'documents judged neutral'),
        ('weekly_support', 'oppose', 'documents judged opposed'),
        ('weekly_support', 'state', 'ok, insufficient, degraded or no_data; use a figure only where it is ok'),
        ('weekly_support', 'withheld', '1 where fewer than ten contributors spoke, or the figure would give such a one away: nothing is published'),
        ('weekly_support', 'net_support_per_story', 'the same with copies of a story counted once'),
        ('weekly_support', 'lower_per_story', 'lower end of its 95 % interval'),
        ('weekly_support', 'upper_per_story', 'upper end'),
        ('weekly_support', 'n_eff_per_story', 'independent documents under this weighting'),
        ('weekly_support', 'net_support_outlet_balanced', 'the same with no outlet counting for more than twenty documents'),
        ('weekly_support', 'lower_outlet_balanced', 'lower end of its 95 % interval'),
        ('weekly_support', 'upper_outlet_balanced', 'upper end'),
        ('weekly_support', 'n_eff_outlet_balanced', 'independent documents under this weighting'),
        ('weekly_support', 'degraded_days', 'days of the week on which sources were down'),
        ('weekly_support', 'models', 'models that judged its documents; figures of two models are not compared'),
        ('weekly_support_by_topic', '', 'weekly_support of the documents that speak of a topic.'),
        ('weekly_support_by_topic', 'society', 'ISO 3166-1 code of the public concerned'),
        ('weekly_support_by_topic', 'target', 'what the attitude is about: regular, irregular, asylum, general, or one of your own'),
        ('weekly_support_by_topic', 'week', 'ISO week such as 2026-W47, by day of publication (UTC)'),
        ('weekly_support_by_topic', 'monday', 'its first day'),
        ('weekly_support_by_topic', 'topic', 'topic of the codebook; a document may speak of several, so topics do not add up'),
        ('weekly_support_by_topic', 'net_support', 'share that supports less share that opposes, -100 to +100, each document once; NULL without documents or when withheld'),
        ('weekly_support_by_topic', 'lower', 'lower end of its 95 % interval'),
        ('weekly_support_by_topic', 'upper', 'upper end'),
        ('weekly_support_by_topic', 'n', 'documents that address the target; NULL when withheld'),
        ('weekly_support_by_topic', 'n_eff', 'independent documents that they are worth (copies of a story are one voice, an outlet\'s texts are alike)'),
        ('weekly_support_by_topic', 'outlets', 'outlets that they are of'),
        ('weekly_support_by_topic', 'support', 'documents judged supportive, as judged (net_support is corrected for the model\'s known errors)'),
        ('weekly_support_by_topic', 'neutral', 'documents judged neutral'),
        ('weekly_support_by_topic', 'oppose', 'documents judged opposed'),
        ('weekly_support_by_topic', 'state', 'ok, insufficient, degraded or no_data; use a figure only where it is ok'),
        ('weekly_support_by_topic', 'withheld', '1 where fewer than ten contributors spoke, or the figure would give such a one away: nothing is published'),
        ('weekly_support_by_topic', 'net_support_per_story', 'the same with copies of a story counted once'),
        ('weekly_support_by_topic', 'lower_per_story', 'lower end of its 95 % interval'),
        ('weekly_support_by_topic', 'upper_per_story', 'upper end'),
        ('weekly_support_by_topic', 'n_eff_per_story', 'independent documents under this weighting'),
        ('weekly_support_by_topic', 'net_support_outlet_balanced', 'the same with no outlet counting for more than twenty documents'),
        ('weekly_support_by_topic', 'lower_outlet_balanced', 'lower end of its 95 % interval'),
        ('weekly_support_by_topic', 'upper_outlet_balanced', 'upper end'),
        ('weekly_support_by_topic', 'n_eff_outlet_balanced', 'independent documents under this weighting'),
        ('weekly_support_by_kind', '', 'weekly_support of the documents of one kind.'),
        ('weekly_support_by_kind', 'society', 'ISO 3166-1 code of the public concerned'),
        ('weekly_support_by_kind', 'target', 'what the attitude is about: regular, irregular, asylum, general, or one of your own'),
        ('weekly_support_by_kind', 'week', 'ISO week such as 2026-W47, by day of publication (UTC)'),
        ('weekly_support_by_kind', 'monday', 'its first day'),
        ('weekly_support_by_kind', 'kind', 'news, social, forum or official'),
        ('weekly_support_by_kind', 'net_support', 'share that supports less share that opposes, -100 to +100, each document once; NULL without documents or when withheld'),
        ('weekly_support_by_kind', 'lower', 'lower end of its 95 % interval'),
        ('weekly_support_by_kind', 'upper', 'upper end'),
        ('weekly_support_by_kind', 'n', 'documents that address the target; NULL when withheld'),
        ('weekly_support_by_kind', 'n_eff', 'independent documents that they are worth (copies of a story are one voice, an outlet\'s texts are alike)'),
        ('weekly_support_by_kind', 'outlets', 'outlets that they are of'),
        ('weekly_support_by_kind', 'support', 'documents judged supportive, as judged (net_support is corrected for the model\'s known errors)'),
        ('weekly_support_by_kind', 'neutral', 'documents judged neutral'),
        ('weekly_support_by_kind', 'oppose', 'documents judged opposed'),
        ('weekly_support_by_kind', 'state', 'ok, insufficient, degraded or no_data; use a figure only where it is ok'),
        ('weekly_support_by_kind', 'withheld', '1 where fewer than ten contributors spoke, or the figure would give such a one away: nothing is published'),
        ('weekly_support_by_kind', 'net_support_per_story', 'the same with copies of a story counted once'),
        ('weekly_support_by_kind', 'lower_per_story', 'lower end of its 95 % interval'),
        ('weekly_support_by_kind', 'upper_per_story', 'upper end'),
        ('weekly_support_by_kind', 'n_eff_per_story', 'independent documents under this weighting'),
        ('weekly_support_by_kind', 'net_support_outlet_balanced', 'the same with no outlet counting for more than twenty documents'),
        ('weekly_support_by_kind', 'lower_outlet_balanced', 'lower end of its 95 % interval'),
        ('weekly_support_by_kind', 'upper_outlet_balanced', 'upper end'),
        ('weekly_support_by_kind', 'n_eff_outlet_balanced', 'independent documents under this weighting'),
        ('weekly_support_by_language', '', 'weekly_support of the documents in one language.'),
        ('weekly_support_by_language', 'society', 'ISO 3166-1 code of the public concerned'),
        ('weekly_support_by_language', 'target', 'what the attitude is about: regular, irregular, asylum, general, or one of your own'),
        ('weekly_support_by_language', 'week', 'ISO week such as 2026-W47, by day of publication (UTC)'),
        ('weekly_support_by_language', 'monday', 'its first day'),
        ('weekly_support_by_language', 'language', 'BCP 47 tag'),
        ('weekly_support_by_language', 'net_support', 'share that supports less share that opposes, -100 to +100, each document once; NULL without documents or when withheld'),
        ('weekly_support_by_language', 'lower', 'lower end of its 95 % interval'),
        ('weekly_support_by_language', 'upper', 'upper end'),
        ('weekly_support_by_language', 'n', 'documents that address the target; NULL when withheld'),
        ('weekly_support_by_language', 'n_eff', 'independent documents that they are worth (copies of a story are one voice, an outlet\'s texts are alike)'),
        ('weekly_support_by_language', 'outlets', 'outlets that they are of'),
        ('weekly_support_by_language', 'support', 'documents judged supportive, as judged (net_support is corrected for the model\'s known errors)'),
        ('weekly_support_by_language', 'neutral', 'documents judged neutral'),
        ('weekly_support_by_language', 'oppose', 'documents judged opposed'),
        ('weekly_support_by_language', 'state', 'ok, insufficient, degraded or no_data; use a figure only where it is ok'),
        ('weekly_support_by_language', 'withheld', '1 where fewer than ten contributors spoke, or the figure would give such a one away: nothing is published'),
        ('weekly_support_by_language', 'net_support_per_story', 'the same with copies of a story counted once'),
        ('weekly_support_by_language', 'lower_per_story', 'lower end of its 95 % interval'),
        ('weekly_support_by_language', 'upper_per_story', 'upper end'),
        ('weekly_support_by_language', 'n_eff_per_story', 'independent documents under this weighting'),
        ('weekly_support_by_language', 'net_support_outlet_balanced', 'the same with no outlet counting for more than twenty documents'),
        ('weekly_support_by_language', 'lower_outlet_balanced', 'lower end of its 95 % interval'),
        ('weekly_support_by_language', 'upper_outlet_balanced', 'upper end'),
        ('weekly_support_by_language', 'n_eff_outlet_balanced', 'independent documents under this weighting'),
        ('weekly_support_by_outlet', '', 'weekly_support of one outlet. Its state is never ok: one outlet shows nothing of others, and its interval is wide. What it gave to a change is in weekly_change_by_outlet.'),
        ('weekly_support_by_outlet', 'society', 'ISO 3166-1 code of the public concerned'),
        ('weekly_support_by_outlet', 'target', 'what the attitude is about: regular, irregular, asylum, general, or one of your own'),
        ('weekly_support_by_outlet', 'week', 'ISO week such as 2026-W47, by day of publication (UTC)'),
        ('weekly_support_by_outlet', 'monday', 'its first day'),
        ('weekly_support_by_outlet', 'outlet', 'who published'),
        ('weekly_support_by_outlet', 'net_support', 'share that supports less share that opposes, -100 to +100, each document once; NULL without documents or when withheld'),
        ('weekly_support_by_outlet', 'lower', 'lower end of its 95 % interval'),
        ('weekly_support_by_outlet', 'upper', 'upper end'),
        ('weekly_support_by_outlet', 'n', 'documents that address the target; NULL when withheld'),
        ('weekly_support_by_outlet', 'n_eff', 'independent documents that they are worth (copies of a story are one voice, an outlet\'s texts are alike)'),
        ('weekly_support_by_outlet', 'support', 'documents judged supportive, as judged (net_support is corrected for the model\'s known errors)'),
        ('weekly_support_by_outlet', 'neutral', 'documents judged neutral'),
        ('weekly_support_by_outlet', 'oppose', 'documents judged opposed'),
        ('weekly_support_by_outlet', 'state', 'insufficient where there are documents: a single outlet does not show how much outlets differ'),
        ('weekly_support_by_outlet', 'withheld', '1 where fewer than ten contributors spoke, or the figure would give such a one away: nothing is published'),
        ('weekly_support_by_outlet', 'net_support_per_story', 'the same with copies of a story counted once'),
        ('weekly_support_by_outlet', 'lower_per_story', 'lower end of its 95 % interval'),
        ('weekly_support_by_outlet', 'upper_per_story', 'upper end'),
        ('weekly_support_by_outlet', 'n_eff_per_story', 'independent documents under this weighting'),
        ('weekly_change', '', 'A week against the week before, and what the change is made of: within + mix + entry + exit = change.'),
        ('weekly_change', 'society', 'ISO 3166-1 code of the public concerned'),
        ('weekly_change', 'target', 'what the attitude is about: regular, irregular, asylum, general, or one of your own'),
        ('weekly_change', 'week', 'ISO week such as 2026-W47, by day of publication (UTC)'),
        ('weekly_change', 'monday', 'its first day'),
        ('weekly_change', 'change', 'net support of the week less that of the week before, in points'),
        ('weekly_change', 'lower', 'lower end of the change\'s 95 % interval'),
        ('weekly_change', 'upper', 'upper end'),
        ('weekly_change', 'within', 'what the same outlets wrote differently; only this may be called a change of opinion'),
        ('weekly_change', 'within_lower', 'lower end of its 95 % interval'),
        ('weekly_change', 'within_upper', 'upper end'),
        ('weekly_change', 'mix', 'outlets that grew or shrank'),
        ('weekly_change', 'entry', 'outlets that are only in this week'),
        ('weekly_change', 'exit', 'outlets that were only in the week before'),
        ('weekly_change', 'label', 'opinion, mix, or none (within chance)'),
        ('weekly_change', 'net_support_before', 'net support of the week before'),
        ('weekly_change', 'net_support_after', 'net support of the week'),
        ('weekly_change', 'n_before', 'documents of the week before'),
        ('weekly_change', 'n_after', 'documents of the week'),
        ('weekly_change', 'state', 'ok where both weeks are'),
        ('weekly_change', 'withheld', '1 where fewer than ten contributors spoke, or the figure would give such a one away: nothing is published'),
        ('weekly_change_by_outlet', '', 'What each outlet gave to the change of weekly_change.'),
        ('weekly_change_by_outlet', 'society', 'ISO 3166-1 code of the public concerned'),
        ('weekly_change_by_outlet', 'target', 'what the attitude is about: regular, irregular, asylum, general, or one of your own'),
        ('weekly_change_by_outlet', 'week', 'ISO week such as 2026-W47, by day of publication (UTC)'),
        ('weekly_change_by_outlet', 'monday', 'its first day'),
        ('weekly_change_by_outlet', 'outlet', 'who published'),
        ('weekly_change_by_outlet', 'contribution', 'points of the change; those of all outlets add up to it'),
        ('weekly_change_by_outlet', 'within', 'of these: the outlet wrote differently'),
        ('weekly_change_by_outlet', 'mix', 'it grew or shrank'),
        ('weekly_change_by_outlet', 'entry', 'it is only in this week'),
        ('weekly_change_by_outlet', 'exit', 'it was only in the week before'),
        ('weekly_change_by_outlet', 'net_support_before', 'its net support in the week before, corrected and not cut off at 100'),
        ('weekly_change_by_outlet', 'net_support_after', 'in the week'),
        ('weekly_change_by_outlet', 'share_before', 'its share of the documents of the week before, 0 to 1'),
        ('weekly_change_by_outlet', 'share_after', 'of the week'),
        ('weekly_change_by_outlet', 'n_before', 'its documents in the week before'),
        ('weekly_change_by_outlet', 'n_after', 'in the week'),
        ('weekly_change_by_outlet', 'withheld', '1 where fewer than ten contributors spoke, or the figure would give such a one away: nothing is published'),
        ('weekly_topics', '', 'What a society\'s documents about migration speak of.'),
        ('weekly_topics', 'society', 'ISO 3166-1 code of the public concerned'),
        ('weekly_topics', 'week', 'ISO week such as 2026-W47, by day of publication (UTC)'),
        ('weekly_topics', 'monday', 'its first day'),
        ('weekly_topics', 'topic', 'topic of the codebook; a document may speak of several, so topics do not add up'),
        ('weekly_topics', 'documents', 'documents about migration that have it; NULL when withheld'),
        ('weekly_topics', 'share', 'their share of n, 0 to 1; not corrected for the model\'s errors'),
        ('weekly_topics', 'lower', 'lower end of the share\'s 95 % interval'),
        ('weekly_topics', 'upper', 'upper end'),
        ('weekly_topics', 'n', 'documents about migration of the society in the week'),
        ('weekly_topics', 'n_eff', 'independent documents that n is worth'),
        ('weekly_topics', 'outlets', 'outlets that n is of'),
        ('weekly_topics', 'state', 'ok, insufficient, degraded or no_data; use a figure only where it is ok'),
        ('weekly_topics', 'withheld', '1 where fewer than ten contributors spoke, or the figure would give such a one away: nothing is published'),
        ('weekly_conflation', '', 'How many of a society\'s documents about migration treat regular and irregular migration as one thing.'),
        ('weekly_conflation', 'society', 'ISO 3166-1 code of the public concerned'),
        ('weekly_conflation', 'week', 'ISO week such as 2026-W47, by day of publication (UTC)'),
        ('weekly_conflation', 'monday', 'its first day'),
        ('weekly_conflation', 'documents', 'documents that do; NULL when withheld'),
        ('weekly_conflation', 'share', 'their share of n, 0 to 1; not corrected for the model\'s errors'),
        ('weekly_conflation', 'lower', 'lower end of the share\'s 95 % interval'),
        ('weekly_conflation', 'upper', 'upper end'),
        ('weekly_conflation', 'n', 'documents about migration of the society in the week'),
        ('weekly_conflation', 'n_eff', 'independent documents that n is worth'),
        ('weekly_conflation', 'outlets', 'outlets that n is of'),
        ('weekly_conflation', 'state', 'ok, insufficient, degraded or no_data; use a figure only where it is ok'),
        ('weekly_conflation', 'withheld', '1 where fewer than ten contributors spoke, or the figure would give such a one away: nothing is published'),
        ('weekly_dehumanising', '', 'How many of a society\'s documents about migration speak of people as if they were none.'),
        ('weekly_dehumanising', 'society', 'ISO 3166-1 code of the public concerned'),
        ('weekly_dehumanising', 'week', 'ISO week such as 2026-W47, by day of publication (UTC)'),
        ('weekly_dehumanising', 'monday', 'its first day'),
        ('weekly_dehumanising', 'documents', 'documents that do; NULL when withheld'),
        ('weekly_dehumanising', 'share', 'their share of n, 0 to 1; not corrected for the model\'s errors'),
        ('weekly_dehumanising', 'lower', 'lower end of the share\'s 95 % interval'),
        ('weekly_dehumanising', 'upper', 'upper end'),
        ('weekly_dehumanising', 'n', 'documents about migration of the society in the week'),
        ('weekly_dehumanising', 'n_eff', 'independent documents that n is worth'),
        ('weekly_dehumanising', 'outlets', 'outlets that n is of'),
        ('weekly_dehumanising', 'state', 'ok, insufficient, degraded or no_data; use a figure only where it is ok'),
        ('weekly_dehumanising', 'withheld', '1 where fewer than ten contributors spoke, or the figure would give such a one away: nothing is published'),
        ('weekly_coverage', '', 'Where a society\'s documents about migration came from.'),
        ('weekly_coverage', 'society', 'ISO 3166-1 code of the public concerned'),
        ('weekly_coverage', 'week', 'ISO week such as 2026-W47, by day of publication (UTC)'),
        ('weekly_coverage', 'monday', 'its first day'),
        ('weekly_coverage', 'dimension', 'outlet, kind or language; empty for all of them'),
        ('weekly_coverage', 'part', 'name of the outlet, kind or language'),
        ('weekly_coverage', 'documents', 'documents about migration that have it; NULL when withheld'),
        ('weekly_coverage', 'share', 'their share of n, 0 to 1; not corrected for the model\'s errors'),
        ('weekly_coverage', 'n', 'documents about migration of the society in the week'),
        ('weekly_coverage', 'withheld', '1 where fewer than ten contributors spoke, or the figure would give such a one away: nothing is published'),
        ('spillover', '', 'Whether attitudes toward irregular migration moved before support for regular programmes. An order in time is all that can be seen, never a cause.'),
        ('spillover', 'society', 'ISO 3166-1 code of the public concerned'),
        ('spillover', 'day', 'last day of the year that was looked at'),
        ('spillover', 'verdict', 'too_short, not_distinguishable_from_zero, moves_together, leads_in_time or leads_robust_to_noise'),
        ('spillover', 'reason', 'why less could be tested; empty when everything could'),
        ('spillover', 'days', 'days from the first to the last that both series have'),
        ('spillover', 'missing', 'days among them that either lacks'),
        ('spillover', 'lag', 'days by which the first leads; NULL without a lead'),
        ('spillover', 'effect', 'points by which support for regular programmes changes in the seven days after a fall of 10 points in the other'),
        ('spillover', 'lower', 'lower end of its 95 % interval'),
        ('spillover', 'upper', 'upper end'),
        ('spillover', 'correlation', 'on the same day, -1 to 1'),
        ('spillover', 'p_projection', 'one-sided p of the first test (docs/method.md, section 6)'),
        ('spillover', 'p_asymmetry', 'of the second'),
        ('spillover', 'p_noise_robust', 'of the third'),
        ('spillover', 'sentence', 'the answer in words; quote this'),
        ('incidents_seen', '', 'Falls that people are told of. None whose days are all below the k-floor.'),
        ('incidents_seen', 'incident', 'its id'),
        ('incidents_seen', 'society', 'ISO 3166-1 code of the public concerned'),
        ('incidents_seen', 'target', 'what the attitude is about: regular, irregular, asylum, general, or one of your own'),
        ('incidents_seen', 'status', 'open or resolved'),
        ('incidents_seen', 'rule', 'fall (the detector) or floor (a level below what a person set)'),
        ('incidents_seen', 'severity', 'watch, alert, severe or critical'),
        ('incidents_seen', 'drop_day', 'first day of the fall'),
        ('incidents_seen', 'detected_on', 'day whose documents showed it'),
        ('incidents_seen', 'opened_at', 'when it was opened'),
        ('incidents_seen', 'acknowledged_at', 'when somebody took it up'),
        ('incidents_seen', 'silenced_until', 'until when nobody is reminded'),
        ('incidents_seen', 'resolved_at', 'when it was over'),
        ('incidents_seen', 'baseline', 'net support before, kept while it is open'),
        ('incidents_seen', 'net_support', 'at detection'),
        ('incidents_seen', 'change', 'size in points, provisional at an alert'),
        ('incidents_seen', 'lower', 'lower end of its 95 % interval'),
        ('incidents_seen', 'upper', 'upper end'),
        ('incidents_seen', 'settled_change', 'size by the seven days after the alert: speak of this one'),
        ('incidents_seen', 'settled_lower', 'lower end of its 95 % interval'),
        ('incidents_seen', 'settled_upper', 'upper end'),
        ('incidents_seen', 'reason', 'one sentence'),
        ('messages_told', '', 'What people were told, and when.'),
        ('messages_told', 'message', 'its id'),
        ('messages_told', 'incident', 'the first incident that it tells of; empty for a digest'),
        ('messages_told', 'kind', 'opened, worse, reminder, resolved, digest or operator'),
        ('messages_told', 'society', 'ISO 3166-1 code of the public concerned'),
        ('messages_told', 'severity', 'of the worst incident in it'),
        ('messages_told', 'title', 'one line'),
        ('messages_told', 'created_at', 'when it was written'),
        ('messages_told', 'told_at', 'when the first channel took it'),
        ('messages_told', 'channels_told', 'channels that took it'),
        ('messages_told', 'channels_waiting', 'channels that have not yet'),
        ('signals_seen', '', 'What was seen and is no fall that people are told of.'),
        ('signals_seen', 'day', 'on which it was seen'),
        ('signals_seen', 'kind', 'amplification (copies alone), mix (who wrote, not what) or shock (one unusual day)'),
        ('signals_seen', 'society', 'ISO 3166-1 code of the public concerned'),
        ('signals_seen', 'target', 'what the attitude is about: regular, irregular, asylum, general, or one of your own'),
        ('signals_seen', 'since', 'first day of it'),
        ('signals_seen', 'change', 'in points of net support'),
        ('signals_seen', 'text', 'one sentence'),
        ('documents_read', '', 'Documents that an editor or an office answers for. Posts of people are counted and never listed; no author stands anywhere.'),
        ('documents_read', 'id', 'a function of the address'),
        ('documents_read', 'source', 'name of the source'),
        ('documents_read', 'outlet', 'who published'),
        ('documents_read', 'kind', 'news or official'),
        ('documents_read', 'society', 'ISO 3166-1 code of the public concerned'),
        ('documents_read', 'language', 'BCP 47 tag'),
        ('documents_read', 'url', 'its address; empty for off-topic documents'),
        ('documents_read', 'title', 'as long as it is kept (docs/retention.md)'),
        ('documents_read', 'story', 'near-duplicates share it'),
        ('documents_read', 'day', 'day of publication, UTC'),
        ('documents_read', 'published_at', 'time that counts, UTC'),
        ('documents_read', 'fetched_at', 'when it was read, UTC'),
        ('ledger', '', 'What became of every row read, once each. Rows are counted whatever they say: no opinion is in it, and no k-floor.'),
        ('ledger', 'source', 'name of the source'),
        ('ledger', 'disposition', 'judged, off_topic, unsupported_language, duplicate or dead'),
        ('ledger', 'documents', 'rows'),
        ('ledger_by_day', '', 'The ledger by the day (UTC) on which a row was read.'),
        ('ledger_by_day', 'day', 'day of reading, UTC'),
        ('ledger_by_day', 'disposition', 'judged, off_topic, unsupported_language, duplicate or dead'),
        ('ledger_by_day', 'documents', 'rows'),
        ('ledger_balance', '', 'One row: produced = judged + off_topic + unsupported_language + duplicate + dead + waiting.'),
        ('ledger_balance', 'produced', 'rows that were published'),
        ('ledger_balance', 'judged', 'rows that were judged'),
        ('ledger_balance', 'off_topic', 'not about migration'),
        ('ledger_balance', 'unsupported_language', 'in a language that the model does not know'),
        ('ledger_balance', 'duplicate', 'of a document that was there'),
        ('ledger_balance', 'dead', 'that can never be judged'),
        ('ledger_balance', 'waiting', 'without disposition yet'),
        ('ledger_balance', 'replays_waiting', 'dead letters that were published again and are still dead'),
        ('ledger_balance', 'from_elsewhere', 'rows that no publisher of ours told of'),
        ('ledger_balance', 'counted_twice', 'documents that counts have too much; not 0 is an error unless a batch is being stored'),
        ('ledger_balance', 'not_counted', 'documents that counts lack; the same'),
        ('source_health', '', 'The last attempt at each source.'),
        ('source_health', 'source', 'name of the source'),
        ('source_health', 'outcome', 'ok, unchanged, failed or interrupted'),
        ('source_health', 'last_run', 'when it ended'),
        ('source_health', 'new', 'rows that it published'),
        ('source_health', 'error', 'why it failed'),
        ('source_health', 'runs', 'attempts in all'),
        ('source_health', 'failed', 'those that failed'),
        ('source_health', 'last_success_at', 'when it was last read'),
        ('source_health', 'silent_since', 'since when nobody could read it; NULL where it is not silent'),
        ('source_attempts', '', 'Attempts at each source by day.'),
        ('source_attempts', 'source', 'name of the source'),
        ('source_attempts', 'day', 'day of the attempt, UTC'),
        ('source_attempts', 'attempts', 'attempts'),
        ('source_attempts', 'failed', 'those that failed'),
        ('source_attempts', 'interrupted', 'those that were cut off'),
        ('retention_log', '', 'What expired or was forgotten, and when.'),
        ('retention_log', 'at', 'when'),
        ('retention_log', 'what', 'of what'),
        ('retention_log', 'kept_days', 'days that it is kept; 0 where no number of days decides'),
        ('retention_log', 'removed', 'rows that went'),
        ('retention_log', 'oldest_left', 'oldest day that is left'),
        ('retention_log', 'note', 'what else is to be said'),
        ('view_columns', '', 'This list.'),
        ('view_columns', 'view', 'name of the view'),
        ('view_columns', 'name', 'name of the column; empty for the view itself'),
        ('view_columns', 'meaning', 'what it means')
    ]) AS one
);
