-- Contributors of these series between two days, both included, by day and outlet.
SELECT society, target, day, outlet, groupUniqArrayArray(contributors) AS marks
FROM daily_counts FINAL
WHERE (society, target) IN %(series)s AND day >= %(first)s AND day <= %(last)s AND notEmpty(contributors)
GROUP BY society, target, day, outlet
ORDER BY society, target, day, outlet
