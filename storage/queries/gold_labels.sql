-- What people found in these documents.
SELECT document_id, annotator, targets, stances, flags, decides, seconds, labelled_at
FROM gold_labels FINAL
WHERE document_id IN %(ids)s AND notEmpty(targets)
ORDER BY document_id, annotator
