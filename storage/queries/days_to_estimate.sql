-- Days that were counted after their point was estimated (or have no point yet), as far as they were counted since a
-- version: of an older point it does not matter how old it is.
SELECT society, target, day, counted
FROM (
    SELECT society, target, day, max(version) AS counted
    FROM daily_counts
    WHERE version >= %(since)s
    GROUP BY society, target, day
)
ALL LEFT JOIN (
    SELECT society, target, day, max(version) AS estimated
    FROM points
    WHERE version >= %(since)s
    GROUP BY society, target, day
) USING (society, target, day)
WHERE counted > estimated
ORDER BY society, target, day
