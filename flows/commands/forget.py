"""`barometer forget`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import click

from flows.mistake import Mistake

if TYPE_CHECKING:
    from flows.forgetting import Forgotten, Found

_ID = re.compile(r"[0-9a-f]{32}")


@click.command()
@click.option("--url", "urls", multiple=True, metavar="URL", help="The document at this address.")
@click.option("--document", "documents", multiple=True, metavar="ID", help="The document with this id.")  # fmt: skip
@click.option("--author", "authors", multiple=True, metavar="NAME", help="All of an author: a key, or a name as its source gives it.")  # fmt: skip
@click.option("--source", "sources", multiple=True, metavar="NAME", help="All of a source.")
@click.option("--yes", is_flag=True, help="Do it; without this it is only shown.")
@click.pass_context
def command(
    ctx: click.Context,
    urls: tuple[str, ...],
    documents: tuple[str, ...],
    authors: tuple[str, ...],
    sources: tuple[str, ...],
    yes: bool,
) -> None:
    """Remove documents from everywhere, for good, and prove it. Each option may be given several times.

    What they said goes from the tables, the bus, the dead letters, and from every digest, alert and page that
    quotes them. They are not read again. Every figure stays as it is. Exit status 1 where something is left.

    \b
    barometer forget --url https://courier.example/2026/11/visas
    barometer forget --author @ann@social.example --yes
    """
    from flows.display import progress_bar
    from flows.forgetting import Wanted, find, forget, keys_of_author, months_kept
    from flows.steps import now_utc
    from flows.wiring import edges

    if not (urls or documents or authors or sources):
        raise Mistake("Say what to forget: --url, --document, --author or --source.")
    for each in documents:
        if not _ID.fullmatch(each):
            raise Mistake(
                f"--document {each!r} is no id: 32 digits from 0 to f, as in `documents`."
            )
    _check_urls(urls)
    now = now_utc()
    with edges() as opened, progress_bar("Looking", None) as bar:
        months = months_kept(opened, now) if authors else []
        keys = [key for each in authors for key in keys_of_author(opened.settings, each, months)]
        if authors and not keys:
            raise Mistake(
                "Authors have no keys here: BAROMETER_AUTHOR_SECRET is not set. Name documents by --url."
            )
        wanted = Wanted(urls=urls, documents=documents, author_keys=tuple(keys), sources=sources)
        found = find(opened, wanted)
        _show(found)
        if not yes:
            click.echo("Nothing was removed. Run it again with --yes to forget this for good.")
            return
        done = forget(opened, wanted, found, now=now, say=bar.say)
    _show_proof(done)
    if not done.is_whole:
        ctx.exit(1)


def _check_urls(urls: tuple[str, ...]) -> None:
    from ingest.canonical_url import canonical_url

    for url in urls:
        if not canonical_url(url):
            raise Mistake(f"--url {url!r} is no web address; write it with https://.")


def _show(found: Found) -> None:
    from flows.table import table

    if found.shown:
        table(
            ["day", "source", "outlet", "document", "title or text"],
            [
                (one.day, one.source, one.outlet, one.id, _line(one.title or one.text))
                for one in found.shown
            ],
        )
        if found.stored > len(found.shown):
            click.echo(f"… and {found.stored - len(found.shown):,} more.")
        click.echo()
    quoting = found.places.get("digests", 0) + found.places.get("messages", 0)
    parts = (
        f"{_count(found.stored, 'document')} in the tables",
        f"{_count(found.on_the_bus, 'message')} on the bus",
        _count(len(found.letters), "dead letter"),
        f"{quoting:,} of digests and messages",
    )
    click.echo(f"Found: {', '.join(parts)}.")


def _show_proof(done: Forgotten) -> None:
    from flows.table import table

    click.echo()
    table(
        ["place", "found before", "found after"],
        [row for row in done.places if row[1] or row[2]] or [("everywhere", 0, 0)],
    )
    click.echo(
        f"{_count(done.documents, 'document')} forgotten; {len(done.places):,} places searched."
    )
    click.echo("Their ids alone are remembered, in removed_documents: they are not read again.")
    for reason in done.left:
        click.echo(f"Note: {reason}.")
    click.echo("What left this machine (mails, chats, copies, backups) is not reached from here.")


def _count(number: int, thing: str) -> str:
    return f"{number:,} {thing}{'' if number == 1 else 's'}"


def _line(text: str) -> str:
    plain = " ".join(text.split())
    return plain if len(plain) <= 60 else plain[:59] + "…"
