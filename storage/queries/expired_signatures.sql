-- Months before one (as 202611) that have signatures of stories.
SELECT DISTINCT toYYYYMM(day) AS month FROM story_members WHERE toYYYYMM(day) < %(before)s
UNION ALL
SELECT DISTINCT toYYYYMM(day) AS month FROM story_keys WHERE toYYYYMM(day) < %(before)s
