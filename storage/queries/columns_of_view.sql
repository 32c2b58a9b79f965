-- The columns of a view, in order, and what each means.
SELECT name, meaning FROM view_columns WHERE view = %(view)s AND name != ''
