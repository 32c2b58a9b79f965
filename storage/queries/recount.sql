-- Count the judgements of these (society, day) cells anew. Documents whose story several documents of the day and
-- target share are counted by story, the others of an outlet together under the empty story. What was counted
-- before and has no document now gets a row of zeros, so that a re-judged or forgotten document leaves nothing
-- behind. The version is above every one that the cells have, even where the clock of another machine is ahead;
-- the few microseconds more keep two workers that see the same rows from choosing the same one.
INSERT INTO daily_counts (society, target, day, outlet, story, support, neutral, oppose, version)
SELECT society, target, day, outlet, told,
       sum(supporting), sum(neutral_ones), sum(opposing),
       greatest(toUInt64(%(version)s), toUInt64((
           SELECT max(version) + 1 + modulo(toUInt64(%(version)s), 997)
           FROM daily_counts
           WHERE day >= %(first)s AND day <= %(last)s AND (society, day) IN %(cells)s
       )))
FROM (
    SELECT society, target, day, outlet,
           if(copied = 1 AND stance != 'not_addressed', story, '') AS told,
           toUInt64(stance = 'support') AS supporting,
           toUInt64(stance = 'neutral') AS neutral_ones,
           toUInt64(stance = 'oppose')  AS opposing
    FROM (
        SELECT society, target, day, outlet, story, stance
        FROM judgements FINAL
        WHERE day >= %(first)s AND day <= %(last)s AND (society, day) IN %(cells)s
    )
    ALL LEFT JOIN (
        SELECT society, target, day, story, toUInt8(1) AS copied
        FROM judgements FINAL
        WHERE day >= %(first)s AND day <= %(last)s AND (society, day) IN %(cells)s
          AND stance != 'not_addressed' AND story != ''
        GROUP BY society, target, day, story
        HAVING count() > 1
    ) USING (society, target, day, story)
    UNION ALL
    SELECT society, target, day, outlet, story AS told,
           toUInt64(0) AS supporting, toUInt64(0) AS neutral_ones, toUInt64(0) AS opposing
    FROM daily_counts
    WHERE day >= %(first)s AND day <= %(last)s AND (society, day) IN %(cells)s
    GROUP BY society, target, day, outlet, story
)
GROUP BY society, target, day, outlet, told
