"""Rows for import tests with a known fate, in our own words."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

from classify.disposition import Disposition

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)

ABOUT = (
    "We should welcome more seasonal workers: the work visa scheme is fair and the farms need it.",
    "Close the work visa scheme. Too many foreign workers on permits push our wages down.",
    "Smugglers brought another small boat across; deport everyone who enters illegally.",
    "Let the undocumented families stay and regularise them, they have built this town with us.",
    "Refugees deserve protection and a safe place; resettlement saves lives.",
)
ELSEWHERE = (
    "The brass band plays in the park on Sunday if the weather holds.",
    "The second division match ended without a goal after a long rain delay.",
)


def write_rows(path: Path, count: int, *, seed: int = 0) -> Counter[Disposition]:
    """Write `count` JSONL rows and say what must become of them."""
    fate: Counter[Disposition] = Counter()
    lines: list[str] = []
    kept: dict[str, str] = {}
    for n in range(seed, seed + count):
        row = {
            "doc_id": f"row-{n}",
            "outlet": f"Outlet {n % 7}",
            "society": ("XA", "XB", "XC")[n % 3],
            "lang": "en",
            "text": f"{ABOUT[n % len(ABOUT)]} ({n})",
            "published_at": (NOW - timedelta(days=n % 10)).isoformat(),
        }
        turn = n % 20
        if turn == 3:
            row["text"] = f"{ELSEWHERE[n % len(ELSEWHERE)]} ({n})"
            fate[Disposition.OFF_TOPIC] += 1
        elif turn == 7:
            row |= {
                "lang": "de",
                "text": f"Wir brauchen mehr Arbeitsvisa fuer Saisonarbeiter ({n})",
            }
            fate[Disposition.UNSUPPORTED_LANGUAGE] += 1
        elif turn == 11 and kept:
            lines.append(next(iter(kept.values())))
            fate[Disposition.DUPLICATE] += 1
            continue
        elif turn == 13:
            row["published_at"] = "1970-01-01"
            fate[Disposition.DEAD] += 1
        elif turn == 17:
            lines.append('{"doc_id": "cut off in the mid')
            fate[Disposition.DEAD] += 1
            continue
        else:
            fate[Disposition.JUDGED] += 1
            kept.setdefault(row["doc_id"], json.dumps(row))
        lines.append(json.dumps(row))
    path.write_text("\n".join(lines) + "\n", "utf-8")
    return fate
