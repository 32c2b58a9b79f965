-- What became of these rows, as far as it is known.
SELECT origin, argMax(disposition, version) AS newest
FROM dispositions
WHERE origin IN %(origins)s
GROUP BY origin
