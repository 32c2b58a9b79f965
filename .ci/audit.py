"""Whether a package of requirements.lock has a known vulnerability: `python .ci/audit.py`.

    one package -can the database be asked?-> all packages -> 0 none known, 1 some are, 0 and the reason where nobody can tell

Being offline is no vulnerability, so it fails nothing; it is said, so that nobody takes silence for a clean bill.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

LOCK = Path(__file__).resolve().parents[1] / "requirements.lock"

PROBE_SECONDS = 15.0
"""For the first package: so long at most is lost where there is no network."""

ALL_SECONDS = 300.0

Ask = Callable[[Path, float], "Answer"]


class Answer:
    """What pip-audit said: its report, or why there is none."""

    def __init__(self, report: list[dict[str, Any]] | None, reason: str = "") -> None:
        self.report = report
        self.reason = reason


def main(lock: Path = LOCK) -> int:
    """The exit status."""
    return audit(lock, ask_pip_audit, print)


def audit(lock: Path, ask: Ask, say: Callable[[str], object]) -> int:
    """Ask about the first package, and where that was answered about all of them."""
    lines = lock.read_text("utf-8").splitlines()
    with tempfile.TemporaryDirectory() as folder:
        first = Path(folder) / "first.lock"
        first.write_text(next(line for line in lines if ";" not in line) + "\n", "utf-8")
        answer = ask(first, PROBE_SECONDS)
    if answer.report is not None:
        answer = ask(lock, ALL_SECONDS)
    if answer.report is None:
        say(f"Audit of {lock.name} skipped: {answer.reason}")
        return 0
    return _judged(answer.report, lock, say)


def _judged(report: list[dict[str, Any]], lock: Path, say: Callable[[str], object]) -> int:
    found = [(each, flaw) for each in report for flaw in each.get("vulns", ())]
    for package, flaw in found:
        mended = ", ".join(flaw.get("fix_versions", ())) or "no version yet"
        say(f"{package['name']} {package['version']}: {flaw['id']}, mended in {mended}")
    unknown = sum("skip_reason" in each for each in report)
    asked = len(report) - unknown
    left = f"; {unknown} could not be looked up" if unknown else ""
    if found:
        say(
            f"{lock.name}: {len(found)} known vulnerabilities in {asked} packages{left};"
            " raise their versions with `make lock ARGS=--upgrade`"
        )
        return 1
    say(f"{lock.name}: no known vulnerability in {asked} packages{left}")
    return 0


def ask_pip_audit(lock: Path, seconds: float) -> Answer:
    """Run pip-audit over a lock, which names every package that there is: nothing is resolved or installed."""
    command = [sys.executable, "-m", "pip_audit", "--requirement", str(lock)]
    command += ["--no-deps", "--disable-pip", "--format", "json", "--progress-spinner", "off"]
    command += ["--timeout", "5"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=seconds)
    except subprocess.TimeoutExpired:
        return Answer(
            None, f"the database of vulnerabilities did not answer within {seconds:.0f} seconds"
        )
    try:
        report: list[dict[str, Any]] = json.loads(done.stdout)["dependencies"]
    except (ValueError, KeyError, TypeError):
        lines = done.stderr.strip().splitlines() or ["it said nothing"]
        return Answer(
            None, f"pip-audit could not ask the database of vulnerabilities ({lines[-1][:300]})"
        )
    if report and all("skip_reason" in each for each in report):
        # What answers is a mirror of packages that knows nothing of vulnerabilities.
        return Answer(
            None,
            f"the database of vulnerabilities knows none of these packages ({report[0]['skip_reason']})",
        )
    return Answer(report)


if __name__ == "__main__":
    sys.exit(main())
