"""What runs leave on the Prefect server for people."""

from __future__ import annotations

from flows.prefect_artifacts import as_markdown


def test_text_stays_as_it_is_whatever_stands_in_it() -> None:
    page = as_markdown("Week 2026-W47: a [link](x) and *stars*", "a `b`\n```\n# no heading\n")
    assert page.splitlines() == [
        r"# Week 2026-W47: a \[link\](x) and \*stars\*",
        "",
        "````text",
        "a `b`",
        "```",
        "# no heading",
        "````",
    ]
