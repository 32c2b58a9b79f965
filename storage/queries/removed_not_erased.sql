-- Documents that are gone and of which bytes may be left.
SELECT document_id, source, why, stand_in, removed_at, erased_at
FROM removed_documents FINAL
WHERE isNull(erased_at)
ORDER BY removed_at, document_id
