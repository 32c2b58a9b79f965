-- Incidents of one status (all when empty), newest first.
SELECT id, society, target, status, drop_day, detected_on, opened_at, resolved_at,
       baseline, net_support, change, lower, upper, reason,
       rule, severity, grade, deepened_on, settled_change, settled_lower, settled_upper,
       acknowledged_at, acknowledged_by, note, silenced_until, told_at
FROM incidents FINAL
WHERE %(status)s = '' OR status = %(status)s
ORDER BY opened_at DESC, id
