-- What the fetcher remembers of each source.
SELECT source, etag, last_modified, next_due_at, failures, last_success_at, cursor, failure_score
FROM source_states FINAL
