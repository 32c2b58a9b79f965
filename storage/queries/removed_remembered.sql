-- Every document that is gone.
SELECT document_id, source, why, stand_in, removed_at, erased_at
FROM removed_documents FINAL
ORDER BY removed_at, document_id
