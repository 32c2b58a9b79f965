-- Rows of these documents that are counted, whole.
SELECT * FROM readings FINAL WHERE document_id IN %(ids)s
