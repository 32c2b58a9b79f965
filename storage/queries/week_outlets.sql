-- What is stored of the change of these series in a week, the whole under the empty outlet.
SELECT society, target, outlet
FROM weekly_changes FINAL
WHERE (society, target) IN %(series)s AND monday = %(monday)s AND gone = 0
