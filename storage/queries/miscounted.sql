-- Those of these (society, day) cells whose stored counts are not what the judgements say now.
SELECT DISTINCT society, day
FROM (
    SELECT society, target, day, outlet,
           sum(supporting) AS more_support, sum(neutral_ones) AS more_neutral,
           sum(opposing) AS more_oppose, sum(distinct_stories) AS more_stories
    FROM (
        SELECT society, target, day, outlet,
               toInt64(countIf(stance = 'support'))                     AS supporting,
               toInt64(countIf(stance = 'neutral'))                     AS neutral_ones,
               toInt64(countIf(stance = 'oppose'))                      AS opposing,
               toInt64(uniqExactIf(story, stance != 'not_addressed'))   AS distinct_stories
        FROM judgements FINAL
        WHERE day >= %(first)s AND day <= %(last)s AND (society, day) IN %(cells)s
        GROUP BY society, target, day, outlet
        UNION ALL
        SELECT society, target, day, outlet,
               -toInt64(support) AS supporting, -toInt64(neutral) AS neutral_ones,
               -toInt64(oppose) AS opposing, -toInt64(stories) AS distinct_stories
        FROM daily_counts FINAL
        WHERE day >= %(first)s AND day <= %(last)s AND (society, day) IN %(cells)s
    )
    GROUP BY society, target, day, outlet
)
WHERE more_support != 0 OR more_neutral != 0 OR more_oppose != 0 OR more_stories != 0
ORDER BY society, day
