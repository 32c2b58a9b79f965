"""What the labeller shows: the text, a line for each target, the keys; and the codebook."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from classify.codebook import FLAGS
from classify.gold_label import MARKS, TARGET_NAMES
from classify.stance import Stance
from flows.sentence import printable

if TYPE_CHECKING:
    from rich.console import Console

    from classify.labelling import Labelling
    from ingest.document import Document

KEYS = "+ support  - oppose  0 neutral  . not addressed  x rest not addressed  c conflates  d dehumanising"
MORE_KEYS = "Enter save  u undo  Tab/arrows target  j/k page  l later  ? codebook  q quit"

CODEBOOK = (
    "STANCE is the attitude that the text itself expresses toward a target, not its mood.",
    "  +  support        it speaks for the target, or argues for it",
    "  -  oppose         it speaks against it",
    "  0  neutral        the target comes up and no side is taken: a report, a balance, a question",
    "  .  not addressed  nothing is said of it",
    "Where others are quoted, their prevailing attitude counts; sarcasm counts as what it means; a view that is quoted to be",
    "refuted counts as the refutation. That a lawful programme is too slow for those who use it is support for it.",
    "",
    "TARGETS",
    "  regular    lawful migration and its people: work, study and family visas, programmes, quotas, citizenship, integration",
    "  irregular  entry, stay or work without permission, and what is done about it. + protects or lets stay, - deters or returns",
    "  asylum     refugees, asylum seekers, resettlement, temporary protection",
    "  general    migration or migrants with no status named, or immigration as a whole",
    "",
    "HARD CASES",
    "  A bare event (arrests, arrivals, a rule) is 0; the same, praised or deplored, is a stance.",
    "  A poll counts as its majority, or as the direction that it reports.",
    "  'Do not come this way' is irregular -, however kindly it is meant. Resettlement refused is asylum -.",
    "  People with refused claims or expired visas are irregular; a nationality with no status is general.",
    "  Several statuses by name: a mark for each. All lumped together: general, and c.",
    "",
    "FLAGS",
    "  c  conflates     lawful and irregular migration are treated as one, or crime is put down to migrants as such",
    "  d  dehumanising  people as vermin, disease, waste, flood or invasion; collective insult",
)
"""In the project's own words; the codebook has more cases."""

_STYLES = {
    Stance.SUPPORT: "green",
    Stance.OPPOSE: "red",
    Stance.NEUTRAL: "yellow",
    Stance.NOT_ADDRESSED: "dim",
}
_MARK_OF = {stance: mark for mark, stance in MARKS.items()}

LEAST_LINES = 5
"""Lines of text that are shown on the smallest terminal."""


def console() -> Console:
    """Where it is shown."""
    from rich.console import Console

    return Console(file=sys.stdout, highlight=False, soft_wrap=False)


def show_document(on: Console, document: Document, state: Labelling, total: int) -> None:
    """One document and what was marked of it, on a screen of its own where the terminal can."""
    from rich.markup import escape
    from rich.rule import Rule
    from rich.text import Text

    on.clear()
    done = total - state.left
    on.print(Rule(f"document {done + 1} of {total}", style="blue"))
    on.print(
        Text(
            f"{document.day}  {printable(document.outlet)}  {document.society}  {document.kind}",
            "dim",
        )
    )
    if document.title:
        on.print(Text(_plain(document.title), "bold"))
    room = max(LEAST_LINES, on.height - len(TARGET_NAMES) - 12)
    lines = list(Text(_plain(document.text)).wrap(on, max(20, on.width - 1)))
    pages = max(1, -(-len(lines) // room))
    page = min(state.scroll, pages - 1)
    state.scroll = page
    for line in lines[page * room : (page + 1) * room]:
        on.print(line)
    if pages > 1:
        on.print(f"[dim]page {page + 1} of {pages}: j turns, k turns back[/dim]")
    on.print(Rule(style="blue"))
    for place, name in enumerate(TARGET_NAMES):
        stance = state.answers.stances.get(name)
        here = ">" if place == state.target else " "
        said = f"{_MARK_OF[stance]} {stance.value.replace('_', ' ')}" if stance else "?"
        on.print(Text(f"{here} {name:<10} {said}", _STYLES[stance] if stance else "bold"))
    flags = "  ".join(f"{'x' if flag in state.answers.flags else '_'} {flag}" for flag in FLAGS)
    on.print(Text(f"  flags      {flags}"))
    if state.message:
        on.print(f"[bold red]{escape(state.message)}[/bold red]")
    elif not state.answers.missing:
        on.print("[bold]All marked: Enter saves.[/bold]")
    on.print(Text(KEYS, "dim"))
    on.print(Text(MORE_KEYS, "dim"))


def show_codebook(on: Console) -> None:
    """The rules, until a key is pressed."""
    from rich.text import Text

    on.clear()
    for line in CODEBOOK:
        on.print(Text(line))
    on.print(Text("Any key goes back.", "bold"))


def _plain(text: str) -> str:
    """Text of others: nothing in it steers the terminal."""
    return "\n".join(printable(line) for line in text.split("\n"))
