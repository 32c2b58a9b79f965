-- Of these series, by outlet: the days of its documents that share no story, and how many there were of each stance.
SELECT society, target, outlet,
       groupArray(toUInt16(day)), groupArray(support), groupArray(neutral), groupArray(oppose)
FROM daily_counts FINAL
WHERE (society, target) IN %(series)s AND day >= %(first)s AND day <= %(last)s AND story = ''
  AND support + neutral + oppose > 0
GROUP BY society, target, outlet
ORDER BY society, target, outlet
