-- Views for people: one row per thing, the newest version of it, in the words of the documentation.

-- What became of every row read: judged + off topic + unsupported language + duplicate + dead.
CREATE VIEW IF NOT EXISTS ledger AS
SELECT source, disposition, count() AS documents
FROM dispositions FINAL
GROUP BY source, disposition;

-- Daily support of each series, with interval and state.
CREATE VIEW IF NOT EXISTS daily_support AS
SELECT society, target, day, net_support, lower, upper,
       support + neutral + oppose AS n, n_eff, outlets, support, neutral, oppose, state
FROM points FINAL;

-- Documents that can be shown, with the time that counts; text stays in the table.
CREATE VIEW IF NOT EXISTS documents_read AS
SELECT id, source, outlet, kind, society, language, url, title, story, day, published_at, fetched_at
FROM documents FINAL;

-- The last attempt at each source.
CREATE VIEW IF NOT EXISTS source_health AS
SELECT source, last_outcome AS outcome, last_run, last_new AS new, last_error AS error, runs, failed
FROM (
    -- Other names inside: an alias equal to a column would replace it within the aggregates.
    SELECT source,
           argMax(outcome, version)     AS last_outcome,
           argMax(finished_at, version) AS last_run,
           argMax(new, version)         AS last_new,
           argMax(error, version)       AS last_error,
           count()                      AS runs,
           countIf(outcome = 'failed')  AS failed
    FROM source_runs FINAL
    GROUP BY source
);
