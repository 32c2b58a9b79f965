"""SQL text: the statements of a file, the words of a statement, and the queries that ship with the program.

Comments, strings, quoted names and dollar quotes are told apart first, so that a semicolon or a
keyword inside one of them is never taken for code.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from importlib.resources import files

from storage.database import QueryFailed

# Possessive repeats (++, *+) keep an unclosed quote from being tried in every possible way.
_TOKEN = re.compile(
    r"""
      (?P<comment> --[^\n]*+ | /\*.*?(?:\*/|\Z) )
    | (?P<quoted> '(?:[^'\\]++|\\.|'')*+'
                | "(?:[^"\\]++|\\.|"")*+"
                | `(?:[^`\\]++|\\.|``)*+`
                | \$(?P<tag>\w*)\$.*?\$(?P=tag)\$ )
    | (?P<end> ; )
    | (?P<word> [A-Za-z_]\w*+ )
    | (?P<other> [0-9]\w*+ | \s++ | . )
    """,
    re.VERBOSE | re.DOTALL,
)


_FORMAT = re.compile(r"\bFORMAT\s+(\w+)$", re.IGNORECASE)
_READING = (["SELECT"], ["WITH"], ["SHOW"], ["DESCRIBE"], ["DESC"], ["EXISTS"], ["EXPLAIN"])
SYNTAX_ERROR = 62

_INCLUDED = re.compile(r"^ *-- include (\w+)$", re.MULTILINE)


def tokens(sql: str) -> Iterator[tuple[str, str]]:
    """The pieces of `sql`, in order and complete: comment, quoted, end (a semicolon), word or other, each with its text."""
    for match in _TOKEN.finditer(sql):
        kind = "quoted" if match.lastgroup == "tag" else match.lastgroup
        yield kind or "other", match.group()


def split(sql: str) -> list[str]:
    """The statements in `sql`, without comments, closing semicolons and empty statements."""
    statements = [""]
    for kind, text in tokens(sql):
        if kind == "end":
            statements.append("")
        elif kind == "comment":
            statements[-1] += " "
        else:
            statements[-1] += text
    return [statement.strip() for statement in statements if statement.strip()]


def words(sql: str) -> list[str]:
    """The bare words of `sql` (keywords, unquoted names) in capitals, in order."""
    return [text.upper() for kind, text in tokens(sql) if kind == "word"]


def one_statement(sql: str) -> str:
    """The one statement in `sql` that both databases can take as text. Raises QueryFailed for anything else."""
    statements = split(sql)
    if len(statements) != 1:
        found = "none" if not statements else str(len(statements))
        raise QueryFailed(f"expected one statement, found {found}", SYNTAX_ERROR)
    (statement,) = statements
    found_words = words(statement)
    if found_words[:1] == ["INSERT"] and "SELECT" not in found_words:
        # A server would wait for the rows; chdb would read them from the text.
        raise QueryFailed("INSERT takes a SELECT here; rows go through insert()", SYNTAX_ERROR)
    if (asked := _FORMAT.search(statement)) and asked[1].upper() not in ("ASC", "DESC"):
        raise QueryFailed("leave out FORMAT: rows come back typed, not as text", SYNTAX_ERROR)
    return statement


def is_reading(statement: str) -> bool:
    """Whether `statement` only asks, so that it may be sent twice."""
    return words(statement)[:1] in _READING


def quoted(name: str) -> str:
    """A table or column name for a statement."""
    return "`" + name.replace("\\", "\\\\").replace("`", "\\`") + "`"


def leading_comment(sql: str) -> str:
    """The text of the comment that opens `sql`, without its marks; empty where there is none."""
    for kind, text in tokens(sql):
        if kind == "comment":
            return text.removeprefix("--").removeprefix("/*").removesuffix("*/").strip()
        if text.strip():
            break
    return ""


@cache
def query(name: str) -> str:
    """The text of storage/queries/NAME.sql, a line `-- include OTHER` replaced by that query. Raises LookupError when no
    such file ships.
    """
    path = files("storage") / "queries" / f"{name}.sql"
    if not re.fullmatch(r"\w+", name) or not path.is_file():
        raise LookupError(f"no query storage/queries/{name}.sql ships with the program")
    return _INCLUDED.sub(lambda line: query(line[1]), path.read_text(encoding="utf-8"))
