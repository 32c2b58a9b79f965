-- Of every week that a sample was drawn of, the newest draw.
SELECT week, draw, salt, wanted, society, frame, no_text, model, drawn_at
FROM gold_draws FINAL
ORDER BY week
