-- When the newest judgement was written (1970 where there is none).
SELECT toDateTime(intDiv(max(version), 1000000), 'UTC') FROM judgements
