-- Days that have documents which documents_to_rejudge finds, and how many.
SELECT day, count() AS documents
FROM (
    -- include documents_to_rejudge
)
GROUP BY day
ORDER BY day
