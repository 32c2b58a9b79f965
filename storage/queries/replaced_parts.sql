-- Parts of tables of this database that were replaced, and whose files are still there.
SELECT count()
FROM system.parts
WHERE database = currentDatabase() AND active = 0
