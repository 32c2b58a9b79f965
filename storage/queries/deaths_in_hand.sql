-- Of these rows: how many other workers have them in hand and did not put them down (they ended, or are at it), and how
-- many of those had nothing else in hand.
SELECT origin, count() AS deaths, sum(by_itself) AS deaths_alone
FROM (
    SELECT arrayJoin(origins) AS origin, toUInt64(length(origins) = 1) AS by_itself
    FROM in_hand FINAL
    WHERE worker != %(worker)s AND notEmpty(origins)
)
WHERE origin IN %(origins)s
GROUP BY origin
