-- Documents of each stance of these series from %(first)s to the day before %(since)s, and from %(since)s to %(last)s.
SELECT society, target,
       sumIf(support, day < %(since)s), sumIf(neutral, day < %(since)s), sumIf(oppose, day < %(since)s),
       sumIf(support, day >= %(since)s), sumIf(neutral, day >= %(since)s), sumIf(oppose, day >= %(since)s)
FROM daily_counts FINAL
WHERE (society, target) IN %(series)s AND day >= %(first)s AND day <= %(last)s
GROUP BY society, target
ORDER BY society, target
