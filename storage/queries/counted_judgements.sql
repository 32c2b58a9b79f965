-- Rows of these documents that are counted, whole.
SELECT * FROM judgements FINAL WHERE document_id IN %(ids)s
