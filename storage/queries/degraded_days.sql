-- Days of these series on which sources were down.
SELECT society, target, day
FROM points FINAL
WHERE (society, target) IN %(series)s AND day >= %(first)s AND day <= %(last)s AND state = 'degraded'
ORDER BY society, target, day
