-- The newest version of the counts that any point rests on; 0 without points.
SELECT max(version) FROM points
