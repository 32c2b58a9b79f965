#!/bin/sh
# Makes .env from .env.example, gives each password and secret in it that is empty a value by chance, and adds what a
# newer .env.example has and .env lacks. What has a value keeps it. Nothing is shown and nothing is an argument of a
# program, for those can be read by everybody on the machine.
set -eu
cd "$(dirname "$0")/.."
umask 077

by_chance() { od -An -N24 -tx1 /dev/urandom | tr -d ' \n'; }

with_secrets() {
    while IFS= read -r line || [ -n "$line" ]; do
        case "$line" in
            \#*) ;;
            *PASSWORD= | *SECRET=) line="$line$(by_chance)" ;;
        esac
        printf '%s\n' "$line"
    done
}

# Lines of the example whose name .env does not know.
lacking() {
    while IFS= read -r line || [ -n "$line" ]; do
        case "$line" in
            \#* | '') ;;
            *) grep -q "^${line%%=*}=" .env || printf '%s\n' "$line" ;;
        esac
    done <.env.example
}

if [ -e .env ]; then
    { with_secrets <.env && lacking | with_secrets; } >.env.new
else
    with_secrets <.env.example >.env.new
fi
mv .env.new .env
