-- Documents that are gone and of which bytes may be left: not erased yet, or come again since.
SELECT document_id, source, why, stand_in, removed_at, erased_at
FROM removed_documents FINAL
WHERE isNull(erased_at) OR removed_at > assumeNotNull(erased_at)
ORDER BY removed_at, document_id
