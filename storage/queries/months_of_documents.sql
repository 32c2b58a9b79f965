-- First days of the months that have documents published between two days, newest first; an empty society
-- matches all.
SELECT DISTINCT toStartOfMonth(day) AS month
FROM documents
WHERE day >= %(first)s AND day <= %(last)s AND (%(society)s = '' OR society = %(society)s)
ORDER BY month DESC
