-- One row: the oldest words and the oldest dead letter that are kept, and how many there are of both.
SELECT
    (SELECT min(day) FROM document_texts WHERE title != '' OR text != '') AS oldest_text,
    (SELECT uniqExact(id) FROM document_texts)                            AS texts,
    (SELECT toDate(min(read_at), 'UTC') FROM dead_letters)                AS oldest_letter,
    (SELECT uniqExact(origin) FROM dead_letters)                          AS letters
