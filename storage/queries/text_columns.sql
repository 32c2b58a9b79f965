-- Every column of text in the tables of this database.
SELECT table, name
FROM system.columns
WHERE database = currentDatabase() AND type = 'String'
  AND table IN (
      SELECT name FROM system.tables WHERE database = currentDatabase() AND position(engine, 'MergeTree') > 0
  )
ORDER BY table, name
