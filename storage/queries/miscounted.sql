-- Those of these (society, day) cells whose stored counts are not what the judgements say now.
SELECT DISTINCT society, day
FROM (
    SELECT society, target, day, outlet, told,
           sum(supporting) AS more_support, sum(neutral_ones) AS more_neutral, sum(opposing) AS more_oppose
    FROM (
        -- include judged_counts
        UNION ALL
        SELECT society, target, day, outlet, story AS told,
               -toInt64(support) AS supporting, -toInt64(neutral) AS neutral_ones, -toInt64(oppose) AS opposing,
               toUInt16(0) AS contributor, toUInt8(0) AS addressed
        FROM daily_counts FINAL
        WHERE day >= %(first)s AND day <= %(last)s AND (society, day) IN %(cells)s
    )
    GROUP BY society, target, day, outlet, told
)
WHERE more_support != 0 OR more_neutral != 0 OR more_oppose != 0
ORDER BY society, day
