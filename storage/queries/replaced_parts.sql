-- Parts of these tables that were replaced, and whose files are still there.
SELECT table, name
FROM system.parts
WHERE database = currentDatabase() AND active = 0 AND table IN %(tables)s
