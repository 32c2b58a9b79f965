-- Count the judgements of these (society, day) cells anew. Outlets that were counted before and have
-- no document now get a row of zeros, so that a re-judged or forgotten document leaves nothing behind.
-- The version is above every one that the cells have, even where the clock of another machine is ahead;
-- the few microseconds more keep two workers that see the same rows from choosing the same one.
INSERT INTO daily_counts (society, target, day, outlet, support, neutral, oppose, stories, version)
SELECT society, target, day, outlet,
       sum(supporting), sum(neutral_ones), sum(opposing), sum(distinct_stories),
       greatest(toUInt64(%(version)s), toUInt64((
           SELECT max(version) + 1 + modulo(toUInt64(%(version)s), 997)
           FROM daily_counts
           WHERE day >= %(first)s AND day <= %(last)s AND (society, day) IN %(cells)s
       )))
FROM (
    SELECT society, target, day, outlet,
           countIf(stance = 'support')                      AS supporting,
           countIf(stance = 'neutral')                      AS neutral_ones,
           countIf(stance = 'oppose')                       AS opposing,
           uniqExactIf(story, stance != 'not_addressed')    AS distinct_stories
    FROM judgements FINAL
    WHERE day >= %(first)s AND day <= %(last)s AND (society, day) IN %(cells)s
    GROUP BY society, target, day, outlet
    UNION ALL
    SELECT society, target, day, outlet,
           toUInt64(0) AS supporting, toUInt64(0) AS neutral_ones,
           toUInt64(0) AS opposing, toUInt64(0) AS distinct_stories
    FROM daily_counts
    WHERE day >= %(first)s AND day <= %(last)s AND (society, day) IN %(cells)s
    GROUP BY society, target, day, outlet
)
GROUP BY society, target, day, outlet
