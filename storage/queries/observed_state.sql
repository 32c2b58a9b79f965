-- One row for the metrics: how fresh the figures are (1970 where there is nothing), and what waits.
SELECT
    (SELECT toDateTime(intDiv(max(version), 1000000), 'UTC') FROM judgements) AS newest_judgement,
    (SELECT count() FROM dead_letters FINAL WHERE status = 'dead')              AS dead_letters,
    (SELECT countIf(isNull(acknowledged_at)) FROM incidents FINAL WHERE status = 'open')    AS unanswered,
    (SELECT countIf(isNotNull(acknowledged_at)) FROM incidents FINAL WHERE status = 'open') AS acknowledged,
    (SELECT max(ifNull(told_at, toDateTime(0, 'UTC'))) FROM digests FINAL)      AS digest_told,
    (SELECT count() FROM messages FINAL WHERE isNull(told_at))                  AS untold,
    (SELECT max(at) FROM self_checks)                                           AS self_check
