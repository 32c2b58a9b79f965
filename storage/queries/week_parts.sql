-- What is stored of the parts of these series in a week.
SELECT society, target, dimension, part
FROM weekly_figures FINAL
WHERE (society, target) IN %(series)s AND monday = %(monday)s AND dimension != '' AND gone = 0
