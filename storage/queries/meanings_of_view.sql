-- What a view (the empty name) and its columns mean, in order.
SELECT name, meaning FROM view_columns WHERE view = %(view)s
