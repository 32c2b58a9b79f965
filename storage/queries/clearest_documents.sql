-- Of one series on some days: the documents that are most surely for and against the target, one of each
-- outlet and stance, and so many of each stance. Only edited texts: a post is counted, and never quoted, for whoever searches
-- for its words finds the person who wrote them.
SELECT document_id, stance
FROM (
    SELECT document_id, stance, outlet, if(stance = 'support', p_support, p_oppose) AS sureness
    FROM judgements FINAL
    WHERE society = %(society)s AND target = %(target)s AND day >= %(first)s AND day <= %(last)s
      AND stance IN ('support', 'oppose') AND kind IN ('news', 'official')
    ORDER BY sureness DESC, document_id
    LIMIT 1 BY stance, outlet
)
ORDER BY stance, sureness DESC, document_id
LIMIT %(each)s BY stance
