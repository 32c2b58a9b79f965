-- The views for analysts, and what each shows.
SELECT view, meaning FROM view_columns WHERE name = ''
