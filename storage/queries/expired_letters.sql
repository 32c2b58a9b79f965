-- How many dead letters were read before a time.
SELECT uniqExact(origin) FROM dead_letters WHERE read_at < %(before)s
