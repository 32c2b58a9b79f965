-- Labels of these documents.
SELECT document_id, annotator, targets, stances, flags, decides, seconds, labelled_at, version
FROM gold_labels FINAL
WHERE document_id IN %(ids)s
