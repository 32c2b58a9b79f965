-- Of these series: documents whose story several documents of the day share, by day, story and outlet.
SELECT society, target, toUInt16(day), story, outlet, support, neutral, oppose
FROM daily_counts FINAL
WHERE (society, target) IN %(series)s AND day >= %(first)s AND day <= %(last)s AND story != ''
  AND support + neutral + oppose > 0
ORDER BY society, target, day, story, outlet
