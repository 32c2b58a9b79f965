-- When expiry last ran.
SELECT max(at) FROM retention_runs WHERE what = %(what)s
