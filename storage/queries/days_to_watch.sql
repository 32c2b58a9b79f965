-- Days that are over and wait to be looked at, each with the version under which it waits.
SELECT society, target, day, version
FROM days_to_watch FINAL
WHERE waiting = 1 AND day < %(today)s
ORDER BY society, target, day
