-- One row: what the database holds and how fresh it is (1970 where there is nothing).
SELECT
    (SELECT count() FROM documents FINAL)                                       AS documents,
    (SELECT count() FROM judgements FINAL)                                      AS judgements,
    (SELECT max(published_at) FROM documents)                                   AS newest_document,
    (SELECT toDateTime(intDiv(max(version), 1000000), 'UTC') FROM judgements)   AS newest_judged,
    (SELECT count() FROM dead_letters FINAL WHERE status = 'dead')              AS dead_letters,
    (SELECT count() FROM incidents FINAL WHERE status = 'open')                 AS open_incidents
