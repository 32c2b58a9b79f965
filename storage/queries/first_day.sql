-- How many counts these series have between two days, and the first day of them.
SELECT count(), min(day)
FROM daily_counts
WHERE (society, target) IN %(series)s AND day >= %(first)s AND day <= %(last)s
  AND support + neutral + oppose > 0
