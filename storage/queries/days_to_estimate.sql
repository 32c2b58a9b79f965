-- Days that were counted after their point was estimated (or have no point yet).
SELECT society, target, day, counted
FROM (
    SELECT society, target, day, max(version) AS counted
    FROM daily_counts
    GROUP BY society, target, day
)
ALL LEFT JOIN (
    SELECT society, target, day, max(version) AS estimated
    FROM points
    GROUP BY society, target, day
) USING (society, target, day)
WHERE counted > estimated
ORDER BY society, target, day
