-- Documents that people label, to see how right the figures are; published survey results and events, to read a series
-- beside. None of them changes a figure.

-- One row for each week that a sample was drawn of; a later draw of the week takes its place.
CREATE TABLE IF NOT EXISTS gold_draws (
    week     String,                -- 2026-W47
    draw     String,                -- the rows of gold_samples that belong to it
    salt     String,                -- with the week, the seed of chance
    wanted   UInt32,                -- documents that were asked for
    society  String,                -- empty: of all
    frame    UInt64,                -- documents that it was drawn from
    no_text  UInt64,                -- judged documents that could not be drawn: their words are not kept
    model    String,                -- whose judgements the strata are made of; several joined by a comma
    drawn_at DateTime('UTC'),
    version  UInt64
) ENGINE = ReplacingMergeTree(version)
ORDER BY week;

-- Documents of a sample. Of `population` documents of the stratum, `drawn` were drawn: every one with the same chance.
CREATE TABLE IF NOT EXISTS gold_samples (
    week        String,
    draw        String,
    document_id String,
    society     String,
    day         Date,
    stratum     String,
    population  UInt64,
    drawn       UInt64,
    place       UInt32,             -- in the order of labelling
    version     UInt64
) ENGINE = ReplacingMergeTree(version)
ORDER BY (week, draw, document_id);

-- What one person found in one document: a stance for each target, and flags. No words of the document, and no note.
CREATE TABLE IF NOT EXISTS gold_labels (
    document_id String,
    annotator   String,             -- initials or a pseudonym
    targets     Array(String),      -- none: the label was taken back
    stances     Array(String),      -- of these targets, in their order
    flags       Array(String),
    decides     UInt8,              -- 1 where others differed and this settles it
    seconds     UInt32,             -- that it took; 0 where nobody measured
    labelled_at DateTime('UTC'),
    version     UInt64
) ENGINE = ReplacingMergeTree(version)
ORDER BY (document_id, annotator);

-- Results of surveys that were published elsewhere, entered by people.
CREATE TABLE IF NOT EXISTS survey_anchors (
    id       String,
    society  String,
    target   String,
    day      Date,                  -- on which fieldwork ended
    source   String,                -- who published it
    question String,
    unit     String,                -- what the value counts: "% in favour", "net %"
    value    Float64,
    lower    Nullable(Float64),     -- 95 % interval, where one was published
    upper    Nullable(Float64),
    n        Nullable(UInt64),      -- people asked
    url      String,
    removed  UInt8,
    version  UInt64
) ENGINE = ReplacingMergeTree(version)
ORDER BY id;

-- What happened on a day and might have moved a series: a campaign, a law, an attack.
CREATE TABLE IF NOT EXISTS event_annotations (
    id       String,
    society  String,
    target   String,                -- empty: all
    day      Date,
    kind     String,
    title    String,
    url      String,
    removed  UInt8,
    version  UInt64
) ENGINE = ReplacingMergeTree(version)
ORDER BY id;
