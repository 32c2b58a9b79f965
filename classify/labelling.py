"""Labelling document by document: what each key does, and how it is undone. No terminal, no database, no clock.

document -a mark for each target, flags-> complete -Enter-> label          undo goes back, over documents too
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from classify.codebook import FLAGS
from classify.gold_label import TARGET_NAMES
from classify.stance import Stance

ENTER, BACK, UP, DOWN, PAGE_UP, PAGE_DOWN = (
    "enter",
    "backspace",
    "up",
    "down",
    "page up",
    "page down",
)
"""Names of the keys that are no character."""

STANCE_KEYS = {
    **dict.fromkeys("+=s", Stance.SUPPORT),
    **dict.fromkeys("-o", Stance.OPPOSE),
    **dict.fromkeys("0n", Stance.NEUTRAL),
    **dict.fromkeys(". ", Stance.NOT_ADDRESSED),
}
FLAG_KEYS = dict(zip("cd", FLAGS, strict=True))


class Outcome(StrEnum):
    """What the one who asked has to do after a key."""

    SHOW = "show"
    """Nothing but to show where things stand."""
    SAVE = "save"
    """The label of `done` is complete."""
    TAKE_BACK = "take back"
    """The label of the document in hand was saved and is to be made anew."""
    HELP = "help"
    QUIT = "quit"
    FINISHED = "finished"
    """A label is to be saved, as for SAVE, and it was the last."""


class Answers:
    """What was marked of one document so far."""

    def __init__(self) -> None:
        self.stances: dict[str, Stance] = {}
        self.flags: set[str] = set()

    @property
    def missing(self) -> list[str]:
        """Targets without a mark."""
        return [name for name in TARGET_NAMES if name not in self.stances]


class Labelling:
    """Documents to label, the one in hand, and what was marked."""

    def __init__(self, ids: Sequence[str]) -> None:
        if not ids:
            raise ValueError("there is no document to label")
        self._waiting = list(ids)
        self._saved: list[tuple[str, Answers]] = []
        self.answers = Answers()
        self.target = 0
        """Place of the target that the next mark is for."""
        self.scroll = 0
        """Pages of the text that were turned."""
        self.message = ""
        """What went wrong with the last key; empty where nothing did."""
        self.done: tuple[str, Answers] | None = None
        """What SAVE and FINISHED are about."""

    @property
    def document_id(self) -> str:
        """The document in hand."""
        return self._waiting[0]

    @property
    def saved(self) -> int:
        """Labels of this sitting."""
        return len(self._saved)

    @property
    def left(self) -> int:
        """Documents without a label, the one in hand included."""
        return len(self._waiting)

    def drop(self) -> bool:
        """Leave out the document in hand (its words are gone); whether another one is left."""
        self._waiting.pop(0)
        self._begin()
        return bool(self._waiting)

    def press(self, key: str) -> Outcome:
        """What a key does: a character, or one of the names above."""
        self.message = ""
        if key in STANCE_KEYS:
            self.answers.stances[TARGET_NAMES[self.target]] = STANCE_KEYS[key]
            self._to_next()
        elif key in FLAG_KEYS:
            self.answers.flags ^= {FLAG_KEYS[key]}
        elif key == "x":
            for name in self.answers.missing:
                self.answers.stances[name] = Stance.NOT_ADDRESSED
            self.target = len(TARGET_NAMES) - 1
        elif key in (UP, DOWN):
            step = 1 if key == DOWN else -1
            self.target = (self.target + step) % len(TARGET_NAMES)
        elif key in (PAGE_DOWN, "j", PAGE_UP, "k"):
            self.scroll = max(0, self.scroll + (1 if key in (PAGE_DOWN, "j") else -1))
        elif key in ("u", BACK):
            return self._undo()
        elif key == ENTER:
            return self._save()
        elif key == "l":
            self._later()
        elif key == "?":
            return Outcome.HELP
        elif key == "q":
            return Outcome.QUIT
        else:
            self.message = "That key does nothing here; ? shows those that do."
        return Outcome.SHOW

    def _to_next(self) -> None:
        """On to the next target without a mark; after the last there is nothing but to save."""
        for place in range(self.target + 1, len(TARGET_NAMES)):
            if TARGET_NAMES[place] not in self.answers.stances:
                self.target = place
                return
        self.target = min(self.target + 1, len(TARGET_NAMES) - 1)

    def _save(self) -> Outcome:
        if missing := self.answers.missing:
            self.message = f"{missing[0]} has no mark yet; . says that it is not addressed, x says so of all that have none."
            self.target = TARGET_NAMES.index(missing[0])
            return Outcome.SHOW
        self.done = (self._waiting.pop(0), self.answers)
        self._saved.append(self.done)
        self._begin()
        return Outcome.SAVE if self._waiting else Outcome.FINISHED

    def _undo(self) -> Outcome:
        marked = [name for name in TARGET_NAMES if name in self.answers.stances]
        if marked:
            current = TARGET_NAMES[self.target]
            name = current if current in marked and current == marked[-1] else marked[-1]
            del self.answers.stances[name]
            self.target = TARGET_NAMES.index(name)
            return Outcome.SHOW
        if self.answers.flags:
            self.answers.flags.clear()
            return Outcome.SHOW
        if not self._saved:
            self.message = "There is nothing to undo."
            return Outcome.SHOW
        document_id, self.answers = self._saved.pop()
        self._waiting.insert(0, document_id)
        self.target, self.scroll = len(TARGET_NAMES) - 1, 0
        return Outcome.TAKE_BACK

    def _later(self) -> None:
        if len(self._waiting) == 1:
            self.message = "It is the last one; q ends, and it comes again next time."
            return
        self._waiting.append(self._waiting.pop(0))
        self._begin()

    def _begin(self) -> None:
        self.answers, self.target, self.scroll = Answers(), 0, 0
