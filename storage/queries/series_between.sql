-- Series with a point between two days, both included.
SELECT DISTINCT society, target
FROM points
WHERE day >= %(first)s AND day <= %(last)s
ORDER BY society, target
