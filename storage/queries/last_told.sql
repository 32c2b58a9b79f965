-- When each channel was last told of each of these incidents.
SELECT incident, channel, max(told)
FROM (
    SELECT message, channel, assumeNotNull(told_at) AS told FROM deliveries FINAL WHERE isNotNull(told_at)
)
ALL INNER JOIN (
    SELECT id AS message, incident FROM messages FINAL WHERE incident IN %(incidents)s
) USING (message)
GROUP BY incident, channel
ORDER BY incident, channel
