-- Documents about migration by society and outlet, published between two days, both included, and those of them
-- that treat regular and irregular migration as one thing.
SELECT society, outlet, count() AS relevant, countIf(conflates = 1) AS flagged
FROM readings FINAL
WHERE day >= %(first)s AND day <= %(last)s AND relevance > 0
GROUP BY society, outlet
ORDER BY society, outlet
