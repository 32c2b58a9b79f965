-- Of all judged documents published on these days: how many there are, and the sums that labels are set against.
SELECT society, target, count() AS documents, sum(p_support - p_oppose) AS score,
       sum(1 - p_not_addressed) AS addressed
FROM judgements FINAL
WHERE day >= %(first)s AND day <= %(last)s
GROUP BY society, target
ORDER BY society, target
