-- Rows that were published before a moment (microseconds since 1970) and of which the ledger knows nothing, oldest first.
SELECT origin, source_name AS source, published_at
FROM (
    SELECT origin, max(source) AS source_name, max(at) AS published_at, max(version) AS written, max(known) AS is_known
    FROM (
        SELECT origin, source, at, version, toUInt8(0) AS known FROM rows_published
        UNION ALL
        SELECT origin, source, at, version, toUInt8(1) AS known FROM dispositions
    )
    GROUP BY origin
)
WHERE is_known = 0 AND written < toUInt64(%(until)s)
ORDER BY published_at, origin
