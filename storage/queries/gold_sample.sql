-- The documents of a draw, in the order of labelling.
SELECT document_id, society, day, stratum, population, drawn, place
FROM gold_samples FINAL
WHERE week = %(week)s AND draw = %(draw)s
ORDER BY place, document_id
