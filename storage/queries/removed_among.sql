-- Those of these documents that are gone.
SELECT document_id, source, why, stand_in, removed_at, erased_at
FROM removed_documents FINAL
WHERE document_id IN %(ids)s
ORDER BY document_id
