-- Weeks that are over and wait to be estimated, the newest first, each with the version under which it waits.
SELECT society, target, monday, version
FROM weeks_to_estimate FINAL
WHERE waiting = 1 AND monday < %(before)s
ORDER BY monday DESC, society, target
