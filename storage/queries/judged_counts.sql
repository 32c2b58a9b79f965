-- What the judgements of these (society, day) cells count, a row for each judgement. Documents whose story several
-- documents of the day and target share are counted by story, the others of an outlet together under the empty story.
-- Recounting and the check of what was counted both include this, so that they cannot count differently.
SELECT society, target, day, outlet,
       if(copied = 1 AND stance != 'not_addressed', story, '') AS told,
       toInt64(stance = 'support') AS supporting,
       toInt64(stance = 'neutral') AS neutral_ones,
       toInt64(stance = 'oppose')  AS opposing,
       contributor, toUInt8(stance != 'not_addressed') AS addressed
FROM (
    SELECT society, target, day, outlet, story, stance, contributor
    FROM judgements FINAL
    WHERE day >= %(first)s AND day <= %(last)s AND (society, day) IN %(cells)s
)
ALL LEFT JOIN (
    SELECT society, target, day, story, toUInt8(1) AS copied
    FROM judgements FINAL
    WHERE day >= %(first)s AND day <= %(last)s AND (society, day) IN %(cells)s
      AND stance != 'not_addressed' AND story != ''
    GROUP BY society, target, day, story
    HAVING count() > 1
) USING (society, target, day, story)
