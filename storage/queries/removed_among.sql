-- Those of these documents that were deleted at their source.
SELECT DISTINCT document_id
FROM removed_documents
WHERE document_id IN %(ids)s
