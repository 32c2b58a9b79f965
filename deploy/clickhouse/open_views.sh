#!/bin/sh
# Opens the views to the user `analyst`; the client takes host, user and password from its environment.
set -eu
clickhouse-client --queries-file /views_to_open.sql >/tmp/statements.sql
clickhouse-client --queries-file /tmp/statements.sql
echo "Open to analysts: $(wc -l </tmp/statements.sql) views"
