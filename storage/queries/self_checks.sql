-- The newest checks of the self-monitor, the newest first.
SELECT at, concerns, backlog
FROM self_checks FINAL
ORDER BY at DESC
LIMIT %(limit)s
