"""Alert and digest mails in a real browser: checkers find no fault, nothing is wider than a phone, and a picture can be taken."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest

from alerts.alert_text import write_alert
from alerts.digest_page import digest_mail
from alerts.digest_text import digest_title
from alerts.mail_chart import chart_png
from tests.services import missing
from tests.test_board_in_browser import AXE, CHECK, CHROMIUM, WAYS, browser, frames
from tests.test_digest import full_example
from tests.told import AT, fall

WIDE, PHONE = 700, 360

ROOM = """
addEventListener("load", () => {
  const found = {};
  for (const frame of document.querySelectorAll("iframe"))
    found[frame.dataset.path] = frame.contentDocument.documentElement.scrollWidth;
  document.getElementById("found").textContent = JSON.stringify(found);
});
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The HTML parts as mail programs show them, with the chart beside."""
    if not CHROMIUM:
        missing("no browser is installed; apt-get install chromium")
    place = tmp_path_factory.mktemp("mail")
    alert = write_alert([fall()], now=AT, simulated=True)
    digest = full_example(simulated=True)
    (place / "chart.png").write_bytes(chart_png(alert.falls[0]))
    pages = {
        "alert.html": alert.html,
        "digest.html": digest_mail(digest, title=digest_title(digest)),
    }
    for name, html in pages.items():
        (place / name).write_text(re.sub(r"cid:[^\"']+", "chart.png", html), "utf-8")
    return place


def told(printed: str) -> dict[str, object]:
    """What a script wrote into the page."""
    match = re.search(r'<pre id="found">(\{.*?\})</pre>', printed, re.DOTALL)
    assert match, printed[-2000:]
    found: dict[str, object] = json.loads(
        match[1].replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
    )
    return found


def test_no_mail_is_wider_than_a_phone(folder: Path) -> None:
    names = dict.fromkeys(("alert.html", "digest.html"), PHONE)
    printed = browser(
        *("--allow-file-access-from-files", "--dump-dom", "--virtual-time-budget=8000"),
        frames(folder, "room.html", names, ROOM),
    )
    assert told(printed) == names


@pytest.mark.parametrize("way", ("dark", "phone"))  # of what is wide and light, each has a half
def test_a_checker_of_accessibility_finds_no_fault(folder: Path, tmp_path: Path, way: str) -> None:
    _, arguments = WAYS[way]
    copy = tmp_path / "copy"
    shutil.copytree(folder, copy)
    names = dict.fromkeys(("alert.html", "digest.html"), PHONE if way == "phone" else WIDE)
    for name in names:  # what checks the page is a script, which a page's policy would refuse
        text = (copy / name).read_text("utf-8")
        (copy / name).write_text(re.sub(r"<meta http-equiv=[^>]*>", "", text), "utf-8")
    script = f"const AXE = {json.dumps(AXE.read_text('utf-8'))};".replace("</", "<\\/") + CHECK
    printed = browser(
        *("--allow-file-access-from-files", "--dump-dom", "--virtual-time-budget=60000"),
        *arguments,
        frames(copy, "check.html", names, script),
    )
    assert told(printed) == {"alert.html": [], "digest.html": []}


@pytest.mark.parametrize("name", ["alert.html", "digest.html"])
def test_a_picture_can_be_taken(folder: Path, tmp_path: Path, name: str) -> None:
    picture = tmp_path / "picture.png"
    browser(f"--screenshot={picture}", f"--window-size={WIDE},1400", (folder / name).as_uri())
    pillow = pytest.importorskip("PIL.Image", reason="Pillow is not installed")
    with pillow.open(picture) as image:
        assert image.size == (WIDE, 1400)
        assert len(image.convert("RGB").getcolors(1 << 24)) > 20, "an empty page has one colour"
