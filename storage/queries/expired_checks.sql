-- How many checks of the self-monitor were made before a time.
SELECT count() FROM self_checks FINAL WHERE at < %(before)s
