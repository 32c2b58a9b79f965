-- Who speaks in what is counted (ingest/contributor.py), so that nothing is published of fewer than ten of them
-- (alerts/k_floor.py). What was stored before has no mark of its author: news and official texts count as one contributor
-- each, posts as one for each outlet, which is too few rather than too many.

ALTER TABLE judgements
    ADD COLUMN contributor UInt16 DEFAULT bitAnd(reinterpretAsUInt16(substring(toString(MD5(
        if(kind = 'news' OR kind = 'official', document_id, outlet)
    )), 1, 2)), 65520) AFTER story;

-- At most ten of a row: more are not needed to know that there are ten.
ALTER TABLE daily_counts ADD COLUMN contributors Array(UInt16) AFTER oppose;

-- All days anew, so that old days have contributors too (their points follow at the next watch).
INSERT INTO daily_counts (society, target, day, outlet, story, support, neutral, oppose, contributors, version)
SELECT society, target, day, outlet, told,
       sum(supporting), sum(neutral_ones), sum(opposing),
       arraySlice(arraySort(groupUniqArrayIf(contributor, addressed = 1)), 1, 10),
       max(toUInt64(now())) * 1000000
FROM (
    SELECT society, target, day, outlet,
           if(copied = 1 AND stance != 'not_addressed', story, '') AS told,
           toUInt64(stance = 'support') AS supporting,
           toUInt64(stance = 'neutral') AS neutral_ones,
           toUInt64(stance = 'oppose')  AS opposing,
           contributor, toUInt8(stance != 'not_addressed') AS addressed
    FROM (
        SELECT society, target, day, outlet, story, stance, contributor FROM judgements FINAL
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
           toUInt64(0) AS supporting, toUInt64(0) AS neutral_ones, toUInt64(0) AS opposing,
           toUInt16(0) AS contributor, toUInt8(0) AS addressed
    FROM daily_counts
    GROUP BY society, target, day, outlet, story
)
GROUP BY society, target, day, outlet, told;

-- Whether a day is withheld; one that was estimated before is, until it is estimated anew.
ALTER TABLE points ADD COLUMN withheld UInt8 DEFAULT 1 AFTER state;

DROP TABLE IF EXISTS daily_support;

-- Daily support of each series per document, per story (copies count once) and outlet-balanced (no outlet
-- counts for more than twenty documents), with interval and state. A day with documents of fewer than ten contributors is
-- withheld: it has a row, and no figure.
CREATE VIEW IF NOT EXISTS daily_support AS
SELECT society, target, day,
       if(withheld = 1, NULL, all_net_support) AS net_support,
       if(withheld = 1, NULL, all_lower) AS lower,
       if(withheld = 1, NULL, all_upper) AS upper,
       if(withheld = 1, NULL, all_n) AS n,
       if(withheld = 1, NULL, all_n_eff) AS n_eff,
       if(withheld = 1, NULL, all_outlets) AS outlets,
       if(withheld = 1, NULL, all_support) AS support,
       if(withheld = 1, NULL, all_neutral) AS neutral,
       if(withheld = 1, NULL, all_oppose) AS oppose,
       if(withheld = 1, 'insufficient', all_state) AS state, withheld,
       if(withheld = 1, NULL, all_net_support_per_story) AS net_support_per_story,
       if(withheld = 1, NULL, all_lower_per_story) AS lower_per_story,
       if(withheld = 1, NULL, all_upper_per_story) AS upper_per_story,
       if(withheld = 1, NULL, all_n_eff_per_story) AS n_eff_per_story,
       if(withheld = 1, NULL, all_net_support_outlet_balanced) AS net_support_outlet_balanced,
       if(withheld = 1, NULL, all_lower_outlet_balanced) AS lower_outlet_balanced,
       if(withheld = 1, NULL, all_upper_outlet_balanced) AS upper_outlet_balanced,
       if(withheld = 1, NULL, all_n_eff_outlet_balanced) AS n_eff_outlet_balanced
FROM (
    -- Other names inside: an alias equal to a column would replace it within the expressions.
    SELECT society, target, day, withheld, state AS all_state,
           net_support AS all_net_support, lower AS all_lower, upper AS all_upper,
           support + neutral + oppose AS all_n, n_eff AS all_n_eff, outlets AS all_outlets,
           support AS all_support, neutral AS all_neutral, oppose AS all_oppose,
           net_support_per_story AS all_net_support_per_story, lower_per_story AS all_lower_per_story,
           upper_per_story AS all_upper_per_story, n_eff_per_story AS all_n_eff_per_story,
           net_support_outlet_balanced AS all_net_support_outlet_balanced,
           lower_outlet_balanced AS all_lower_outlet_balanced, upper_outlet_balanced AS all_upper_outlet_balanced,
           n_eff_outlet_balanced AS all_n_eff_outlet_balanced
    FROM points FINAL
);

DROP TABLE IF EXISTS signals_seen;

-- What was seen and is no fall; none of a day that is withheld.
CREATE VIEW IF NOT EXISTS signals_seen AS
SELECT day, kind, society, target, since, change, text
FROM signals FINAL
WHERE (society, target, day) NOT IN (SELECT society, target, day FROM points FINAL WHERE withheld = 1);
