-- Counts by outlet and story of these (society, target, day).
SELECT society, target, day, outlet, story, support, neutral, oppose
FROM daily_counts FINAL
WHERE day >= %(first)s AND day <= %(last)s AND (society, target, day) IN %(days)s
  AND support + neutral + oppose > 0
ORDER BY society, target, day, outlet, story
