-- Rows of these documents that are counted, whole.
SELECT * FROM documents FINAL WHERE id IN %(ids)s
