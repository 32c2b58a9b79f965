-- State of the points of all series between two days, both included, and the version of the counts that each
-- rests on.
SELECT society, target, day, support + neutral + oppose AS n, state, version
FROM points FINAL
WHERE day >= %(first)s AND day <= %(last)s
ORDER BY society, target, day
