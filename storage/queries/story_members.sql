-- What may be copies of these documents: those that share a key, the earliest of each key's; and these documents
-- themselves. A document that was written twice comes twice; the newest version counts.
SELECT id, published_at, story, settled, shingles, numbers, title, version
FROM story_members
WHERE day >= %(first)s AND day <= %(last)s
  AND id IN (
      SELECT id FROM (
          SELECT key, published_at, id
          FROM story_keys
          WHERE day >= %(first)s AND day <= %(last)s AND key IN %(keys)s
          ORDER BY key, published_at, id
          LIMIT %(most)s BY key
      )
      UNION ALL
      SELECT id FROM story_members
      WHERE day >= %(first)s AND day <= %(last)s AND id IN %(ids)s
  )
