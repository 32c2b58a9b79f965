-- One statement a line: each view of Barometer reads its tables with the rights of the user who runs this, and whoever may
-- ask the view needs none of them (docs/access.md, "Servers from 24.2 on"). Who may ask which view is in analyst_views.xml.
SELECT concat('ALTER TABLE ', database, '.', name, ' MODIFY SQL SECURITY DEFINER DEFINER = ', currentUser(), ';')
FROM system.tables
WHERE database = 'barometer' AND engine = 'View'
ORDER BY name
FORMAT TSVRaw
