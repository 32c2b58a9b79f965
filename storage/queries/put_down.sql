-- Forget that these rows ended workers that had nothing else in hand: they are dead letters now, and may be replayed.
INSERT INTO in_hand (worker, origins, at, version)
SELECT worker, emptyArrayString(), at, toUInt64(%(version)s)
FROM in_hand FINAL
WHERE length(origins) = 1 AND origins[1] IN %(origins)s
