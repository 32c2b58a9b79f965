-- What was produced and what became of it, in one row (migrations/0008_ledger.sql says what each column means).
SELECT produced, judged, off_topic, unsupported_language, duplicate, dead, waiting, replays_waiting, from_elsewhere,
       counted_twice, not_counted
FROM ledger_balance
