-- Count the judgements of these (society, day) cells anew. What was counted before and has no document now gets a row
-- of zeros, so that a re-judged or forgotten document leaves nothing behind. The version is above every one that the
-- cells have, even where the clock of another machine is ahead; the few microseconds more keep two workers that see the
-- same rows from choosing the same one. Of the contributors of a row no more are kept than the k-floor asks for.
INSERT INTO daily_counts (society, target, day, outlet, story, support, neutral, oppose, contributors, version)
SELECT society, target, day, outlet, told,
       sum(supporting), sum(neutral_ones), sum(opposing),
       arraySlice(arraySort(groupUniqArrayIf(contributor, addressed = 1)), 1, %(kept)s),
       greatest(toUInt64(%(version)s), toUInt64((
           SELECT max(version) + 1 + modulo(toUInt64(%(version)s), 997)
           FROM daily_counts
           WHERE day >= %(first)s AND day <= %(last)s AND (society, day) IN %(cells)s
       )))
FROM (
    -- include judged_counts
    UNION ALL
    SELECT society, target, day, outlet, story AS told,
           toInt64(0) AS supporting, toInt64(0) AS neutral_ones, toInt64(0) AS opposing,
           toUInt16(0) AS contributor, toUInt8(0) AS addressed
    FROM daily_counts
    WHERE day >= %(first)s AND day <= %(last)s AND (society, day) IN %(cells)s
    GROUP BY society, target, day, outlet, story
)
GROUP BY society, target, day, outlet, told
