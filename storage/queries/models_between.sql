-- Model versions whose judgements count on these days.
SELECT DISTINCT model
FROM judgements FINAL
WHERE day >= %(first)s AND day <= %(last)s
ORDER BY model
