-- Points of all series between two days, both included.
SELECT society, target, day, support, neutral, oppose, outlets, net_support, lower, upper, n_eff, state
FROM points FINAL
WHERE day >= %(first)s AND day <= %(last)s
ORDER BY society, target, day
