-- Contributors of these (society, target, day), of all outlets together.
SELECT society, target, day, groupUniqArrayArray(contributors) AS marks
FROM daily_counts FINAL
WHERE day >= %(first)s AND day <= %(last)s AND (society, target, day) IN %(days)s
GROUP BY society, target, day
ORDER BY society, target, day
