-- Those of these stories that several documents of a day and target share; stand-ins are left out.
SELECT society, target, day, story
FROM judgements FINAL
WHERE day >= %(first)s AND day <= %(last)s AND story IN %(stories)s AND stance != 'not_addressed'
  AND document_id NOT IN %(stand_ins)s
GROUP BY society, target, day, story
HAVING uniqExact(document_id) > 1
