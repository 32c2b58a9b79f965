"""Which files of the GKG there are, and which are to be read next.

Every quarter of an hour a file of English text and one of translated text, `20261123181500.gkg.csv.zip`
and `20261123181500.translation.gkg.csv.zip`. Names can be reckoned, so the list of all files (over
100 MB) is never needed; the newest ones stand in `lastupdate.txt` and `lastupdate-translation.txt`:

    8123456 0123456789abcdef0123456789abcdef http://data.gdeltproject.org/gdeltv2/20261123181500.gkg.csv.zip
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import islice

import msgspec

from ingest.gdelt_moment import moment_of, stamp_of

STEP = timedelta(minutes=15)
FIRST_FILE = datetime(2015, 2, 18, 23, 0, tzinfo=UTC)
"""GKG 2.1 begins here."""

PATIENCE = timedelta(hours=6)
"""A file that is missing or damaged is tried again until it is this old."""

MOST_LATE = 100
"""Files that are waited for at once, so that memory stays below its limit of 4 KiB."""

MOST_RETRIED = 8
"""Of which so many are tried in one reading, in turn."""

_LINE = re.compile(
    r"([0-9]{1,12}) +([0-9a-fA-F]{32}) +\S*?/([0-9]{14})(\.translation)?\.gkg\.csv\.zip"
)


class GkgFile(msgspec.Struct, frozen=True, order=True, array_like=True):
    """One file."""

    stamp: str
    translated: bool = False

    @property
    def name(self) -> str:
        """As in its address."""
        return f"{self.stamp}{'.translation' if self.translated else ''}.gkg.csv.zip"

    @property
    def moment(self) -> datetime:
        """When it was made."""
        return moment_of(self.stamp) or FIRST_FILE


class Listed(msgspec.Struct, frozen=True):
    """The newest file, with what its list says of it."""

    file: GkgFile
    size: int
    md5: str


class GkgState(msgspec.Struct, frozen=True, omit_defaults=True):
    """What is remembered: the newest stamp read of each stream, and the files that did not come in their turn."""

    english: str = ""
    translated: str = ""
    late: tuple[GkgFile, ...] = ()

    def newest(self, translated: bool) -> str:
        """The stamp up to which a stream is read; empty before the first."""
        return self.translated if translated else self.english

    def past(self, file: GkgFile) -> GkgState:
        """With `file` done."""
        late = tuple(each for each in self.late if each != file)
        stamp = max(file.stamp, self.newest(file.translated))
        if file.translated:
            return GkgState(self.english, stamp, late)
        return GkgState(stamp, self.translated, late)

    def waiting_for(self, file: GkgFile) -> GkgState:
        """With `file` passed by, to be tried again, after the others that are waited for."""
        state = self.past(file)
        return GkgState(state.english, state.translated, (*state.late, file))


def state_of(cursor: str) -> GkgState:
    """The state in a cursor; an empty one where the cursor is empty or not ours."""
    try:
        return msgspec.json.decode(cursor, type=GkgState) if cursor else GkgState()
    except (msgspec.DecodeError, ValueError):
        return GkgState()


def cursor_of(state: GkgState) -> str:
    """The state as a cursor."""
    return msgspec.json.encode(state).decode()


def list_name(translated: bool) -> str:
    """The file that names the newest file of a stream."""
    return f"lastupdate{'-translation' if translated else ''}.txt"


def listed(text: str, translated: bool) -> Listed | None:
    """The GKG file that a list names; None when it names none.

    Only the stamp counts of its address: files are fetched from where the source is, wherever a list points.
    """
    for line in text[:100_000].splitlines():
        found = _LINE.fullmatch(line.strip())
        if found and bool(found.group(4)) == translated:
            moment = moment_of(found.group(3))
            if moment is not None and moment == quarter_before(moment):
                return Listed(
                    GkgFile(found.group(3), translated), int(found.group(1)), found.group(2).lower()
                )
    return None


def between(after: datetime, last: datetime, translated: bool) -> Iterator[GkgFile]:
    """The files of one stream after `after`, up to and with `last`, oldest first."""
    moment = max(after, FIRST_FILE - STEP)
    while (moment := moment + STEP) <= last:
        yield GkgFile(stamp_of(moment), translated)


def due(state: GkgState, newest: tuple[GkgFile, ...], most: int) -> tuple[GkgFile, ...]:
    """At most `most` files that come next, oldest first over both streams.

    `newest` has the newest file of each stream. A stream that was never read begins with it.
    """
    files: list[GkgFile] = []
    for file in newest:
        read = moment_of(state.newest(file.translated))
        after = read if read is not None else file.moment - STEP
        files += islice(between(after, file.moment, file.translated), most)
    return tuple(sorted(files)[:most])


def late(state: GkgState) -> tuple[GkgFile, ...]:
    """The files to be tried again in this reading."""
    return state.late[:MOST_RETRIED]


def lasting(file: GkgFile, now: datetime) -> bool:
    """Whether a file that is missing is so old that it will not come any more."""
    return now - file.moment > PATIENCE


def adjoining(files: Sequence[GkgFile]) -> bool:
    """Whether the files follow each other without a hole; those of both streams are taken together."""
    moments = {file.moment for file in files}
    return not moments or max(moments) - min(moments) == STEP * (len(moments) - 1)


def quarter_before(moment: datetime) -> datetime:
    """The last full quarter of an hour, `moment` itself if it is one."""
    return moment.replace(minute=moment.minute // 15 * 15, second=0, microsecond=0)
