-- Rows of samples with these documents.
SELECT week, draw, document_id, society, day, stratum, population, drawn, place, version
FROM gold_samples FINAL
WHERE document_id IN %(ids)s
