-- Which of these documents have been given a story for good.
SELECT DISTINCT id
FROM story_members
WHERE settled = 1 AND day >= %(first)s AND day <= %(last)s AND id IN %(ids)s
