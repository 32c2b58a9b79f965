-- Signals between two days, both included.
SELECT kind, society, target, day, since, change, text
FROM signals FINAL
WHERE day >= %(first)s AND day <= %(last)s
ORDER BY day, kind, society, target
