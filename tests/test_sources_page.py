"""docs/sources.md says what the code does: examples parse, options and defaults are those of the code, commands exist."""

from __future__ import annotations

import re
import shlex
import tomllib
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import get_type_hints

import click
import msgspec
import pytest

from alerts.source_condition import (
    FAR_MORE,
    FEWEST_WEEKS,
    SILENT_POLLS,
    USUAL_WEEKS,
    Condition,
)
from flows import article_texts, back_filling
from flows.cli import cli
from flows.settings import PREFIX, Settings
from ingest import (
    article_page,
    article_text,
    fetch,
    gdelt_doc,
    gdelt_doc_reader,
    gdelt_doc_window,
    gdelt_gkg_catch_up,
    gdelt_gkg_files,
    gdelt_gkg_zip,
    host_turns,
    jetstream_cursor,
    jetstream_fold,
    jetstream_reader,
    mastodon,
    mastodon_limit,
    mastodon_reader,
    mastodon_recheck,
    mastodon_stream,
    mediacloud_search,
    reddit_reader,
    remembered_posts,
    robots,
    sitemap,
    sitemap_files,
    sitemap_pages,
    sitemap_reader,
    story_clustering,
    story_signature,
)
from ingest.failure_score import WEIGHTS, FailureKind
from ingest.feed_entry import MAX_ENTRIES
from ingest.readers import back_filler_of
from ingest.source import LONGEST_POLL, Source, parse_sources
from ingest.source_options import OPTIONS, SourceType

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "sources.md").read_text(encoding="utf-8")
WORDS = " ".join(PAGE.split())
MIB = 2**20


# -- Reading the page ------------------------------------------------------------------------------


def section(type: SourceType) -> str:
    """What stands under the heading of a type."""
    (found,) = re.findall(rf"^### {type}\n(.*?)(?=^##)", PAGE, re.MULTILINE | re.DOTALL)
    return str(found)


def examples(text: str) -> list[str]:
    """The TOML blocks of a text."""
    return re.findall(r"^```toml\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


def rows(text: str, *header: str) -> dict[str, list[str]]:
    """Cells by first cell of the table with this header, code marks taken away."""
    begin = f"| {' | '.join(header)} |\n"
    assert text.count(begin) == 1
    lines = text.split(begin)[1].split("\n\n", maxsplit=1)[0].splitlines()[1:]
    cells = [[cell.strip().strip("`") for cell in line.split("|")[1:-1]] for line in lines]
    return {first: rest for first, *rest in cells}


def commands() -> Iterator[str]:
    """Every command line of the page, in blocks and in sentences."""
    for block in re.findall(r"^```\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL):
        yield from (line for line in block.splitlines() if line.startswith("barometer "))
    yield from re.findall(r"`(barometer [^`\n]+)`", PAGE)


# -- Sources ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("type", SourceType)
def test_every_type_has_an_example_that_parses(type: SourceType) -> None:
    (example,) = examples(section(type))
    (source,) = parse_sources(example, "docs/sources.md")
    assert source.type is type
    assert f'type = "{type}"' in example


def test_the_examples_make_one_list_together() -> None:
    text = "\n".join(examples(PAGE))
    assert len(parse_sources(text, "docs/sources.md")) == len(SourceType) + 1


def test_the_list_shows_every_key_that_all_sources_have() -> None:
    (shown,) = tomllib.loads(examples(PAGE)[0])["source"]
    assert set(shown) == {*Source.__struct_fields__} - {"options"}
    assert f"1 to {LONGEST_POLL}" in PAGE
    for field in msgspec.structs.fields(Source):
        if not field.required and field.name != "options":
            assert shown[field.name] == field.default


@pytest.mark.parametrize("type", SourceType)
def test_every_option_is_there_with_its_default(type: SourceType) -> None:
    written = rows(section(type), "option", "default", "meaning")
    fields = {field.name: field for field in msgspec.structs.fields(OPTIONS[type])}
    assert list(written) == list(fields)
    assert set(get_type_hints(OPTIONS[type])) == set(fields)
    for name, (default, meaning) in written.items():
        assert meaning
        if fields[name].required:
            assert default == "needed"
            continue
        said = tomllib.loads(f"x = {default}")["x"]
        of_code = fields[name].default
        assert said == (list(of_code) if isinstance(of_code, tuple) else of_code), name


def test_the_table_of_types_says_which_can_be_filled_back() -> None:
    table = rows(PAGE, "type", "reads", "text", "edits", "deletions", "back-fill")
    assert list(table) == list(SourceType)
    for type in SourceType:
        assert table[type][-1] == ("yes" if back_filler_of(type) else "no"), type


def test_every_word_of_a_sources_condition_is_explained() -> None:
    assert set(rows(PAGE, "word", "meaning")) == {*Condition, "?"}


# -- Commands, settings, links ---------------------------------------------------------------------


@pytest.mark.parametrize("line", dict.fromkeys(commands()))
def test_every_command_line_can_be_typed(line: str) -> None:
    command: click.Command = cli
    rest = shlex.split(line)[1:]
    while isinstance(command, click.Group):
        context = command.make_context("barometer", [], resilient_parsing=True)
        _, found, rest = command.resolve_command(context, rest)
        assert found is not None
        command = found
    command.make_context("barometer", rest)  # raises for an option that is not there


def test_the_settings_that_are_named_exist() -> None:
    for name in re.findall(rf"\b{PREFIX}([A-Z_]+[A-Z])", PAGE):
        assert name.lower() in Settings.model_fields


def test_links_lead_somewhere() -> None:
    headings = {
        re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
        for heading in re.findall(r"^#+ (.+)$", PAGE, re.MULTILINE)
    }
    for target in re.findall(r"\]\(([^)]+)\)", PAGE):
        if target.startswith("#"):
            assert target[1:] in headings
        else:
            assert (ROOT / "docs" / target).is_file()
    for named in re.findall(r"`((?:ingest|flows|storage|alerts)/[^`]+)`", PAGE):
        assert (ROOT / named).is_file()
    for module in re.findall(r"`python -m ([\w.]+)`", PAGE):
        assert (ROOT / f"{module.replace('.', '/')}.py").is_file()


# -- Numbers ---------------------------------------------------------------------------------------


def minutes(span: timedelta) -> int:
    return span // timedelta(minutes=1)


@pytest.mark.parametrize(
    "said",
    [
        f"The newest {MAX_ENTRIES:,} entries of a feed",
        f"{sitemap_pages.PAGES} pages in one reading",
        f"{sitemap.MAX_ENTRIES:,} entries in a file, {sitemap_files.MOST_FILES} files in a reading, {sitemap.MAX_BYTES // MIB} MiB",
        {2: "The first reading goes two days back"}[sitemap_reader.FIRST_LOOK.days],
        f"{gdelt_gkg_catch_up.MOST_FILES} files in one reading",
        f"more than {gdelt_gkg_zip.MAX_UNPACKED // MIB} MiB, or to more than {gdelt_gkg_zip.MAX_RATIO} times its size",
        f"is waited for for {minutes(gdelt_gkg_files.PATIENCE) // 60} hours",
        f"goes back to {gdelt_gkg_files.FIRST_FILE:%Y-%m-%d}",
        f"{2 * (timedelta(days=1) // gdelt_gkg_files.STEP)} a day with the translated ones",
        f"requests {gdelt_doc_reader.APART:g} seconds apart",
        f"An answer has {gdelt_doc.MOST_RECORDS} articles at most",
        {2: "two hours before it"}[minutes(gdelt_doc_window.OVERLAP) // 60],
        {1: "down to one hour"}[minutes(gdelt_doc_window.SHORTEST) // 60],
        f"left alone for {minutes(gdelt_doc_window.FIRST_WAIT)} minutes, then {2 * minutes(gdelt_doc_window.FIRST_WAIT)}, up to {minutes(gdelt_doc_window.LONGEST_WAIT) // 60} hours",
        f"goes back {gdelt_doc_window.REACH.days} days",
        f"without `#`, {mastodon_reader.MAX_HASHTAGS} at most",
        f"{mastodon_reader.MAX_PAGES} pages of 40 in one reading",
        f"a hashtag from {minutes(mastodon.LATE)} minutes before it",
        f"how long one reading listens, {mastodon_stream.LONGEST_SECONDS} at most",
        f"the newest {mastodon_recheck.MOST} posts of the last {remembered_posts.LONGEST.days} days",
        f"({remembered_posts.MOST} at most are remembered)",
        f"300 requests in {minutes(mastodon_limit.WINDOW)} minutes",
        f"{mastodon_limit.RESERVE} requests are left to others",
        f"{mastodon_stream.MAX_EVENTS:,} events or {mastodon_stream.MAX_BYTES // MIB} MiB",
        f"{jetstream_reader.MAX_EVENTS:,} events or {jetstream_reader.MAX_BYTES // MIB} MiB at once",
        f"begins {jetstream_cursor.REWIND.seconds} seconds before",
        {4: "this month and the three before it"}[jetstream_fold.KEPT_MONTHS],
        f"begins more than {minutes(jetstream_cursor.SILENCE)} minutes late",
        f"from {minutes(mediacloud_search.OVERLAP)} minutes before the newest one",
        f"more than {mediacloud_search.LATE.days} days before are left",
        f"for {mediacloud_search.PAGE_SIZE:,} stories",
        f"| 1 to {reddit_reader.MAX_SUBREDDITS} |",
        f"{reddit_reader.MAX_PAGES} pages of 100",
        f"remembers ({remembered_posts.MOST} at most)",
        f"shorter than {article_text.SUMMARY_CHARACTERS} characters",
        f"if it has {article_text.LEAST_CHARACTERS} characters at least",
        f"{article_text.MAX_CHARACTERS:,} characters of an article",
        f"{article_page.APART:g} seconds between two pages of one host, or its crawl-delay up to {robots.LONGEST_DELAY:g}",
        {2: "at most two requests to one host at once"}[host_turns.AT_ONCE],
        f"{article_texts.PAGES} pages and {article_texts.SECONDS:g} seconds for a source in a round",
        f"{article_page.MAX_PAGE_BYTES // MIB} MiB a page",
        f"asked for first, as `{robots.OUR_NAME}`",
        f"{fetch.MAX_BYTES // MIB} MiB after decompression, {fetch.MAX_REDIRECTS} redirects",
        f"within {story_clustering.WITHIN.days} days of each other",
        f"A text under {story_signature.FEWEST_WORDS} words",
        {2: "not read for two poll periods"}[SILENT_POLLS],
        {4.0: "over four times as much"}[FAR_MORE],
        f"in the last {USUAL_WEEKS} weeks; with fewer than {FEWEST_WEEKS} of them",
        f"{WEIGHTS[FailureKind.HARD]:g} when somebody",
        f"{WEIGHTS[FailureKind.SOFT]:g} when nobody",
        f"{WEIGHTS[FailureKind.TEMPORARY]:g} when the server",
        f"longer than {minutes(back_filling.LONGEST_PAUSE)} minutes",
    ],
)
def test_a_number_is_that_of_the_code(said: str) -> None:
    assert said in WORDS
