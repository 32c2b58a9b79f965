-- Tables of this database that are still being rewritten, and how many parts are left.
SELECT table, sum(parts_to_do)
FROM system.mutations
WHERE database = currentDatabase() AND is_done = 0
GROUP BY table
ORDER BY table
