-- What is judged of these documents now.
SELECT document_id, target, p_support, p_neutral, p_oppose, p_not_addressed, model
FROM judgements FINAL
WHERE document_id IN %(ids)s AND day >= %(first)s AND day <= %(last)s
ORDER BY document_id, target
