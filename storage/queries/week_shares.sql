-- What is stored of the shares of these societies in a week.
SELECT society, dimension, part
FROM weekly_shares FINAL
WHERE society IN %(societies)s AND monday = %(monday)s AND gone = 0
