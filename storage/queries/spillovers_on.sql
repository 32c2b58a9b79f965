-- Societies whose spillover on the year up to a day is stored.
SELECT society
FROM spillovers FINAL
WHERE day = %(day)s
