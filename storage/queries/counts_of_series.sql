-- Counts by outlet and story of these series between two days, both included.
SELECT society, target, day, outlet, story, support, neutral, oppose
FROM daily_counts FINAL
WHERE (society, target) IN %(series)s AND day >= %(first)s AND day <= %(last)s
  AND support + neutral + oppose > 0
ORDER BY society, target, day, outlet, story
