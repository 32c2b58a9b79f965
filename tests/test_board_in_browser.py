"""The board in a real browser: no page is wider than a phone, nothing is loaded or refused, and checkers find no fault."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from html import escape
from importlib.util import find_spec
from pathlib import Path

import pytest

from alerts.board_files import incident_file
from alerts.board_pages import render
from tests.sample_board import sample_board
from tests.services import missing

CHROMIUM = next(
    (
        found
        for name in ("chromium", "chromium-browser", "google-chrome")
        if (found := shutil.which(name))
    ),
    "",
)

AXE = Path(find_spec("axe_core_python").origin).parent / "axe.min.js"  # type: ignore[union-attr, arg-type]
"""The script of axe-core, as the package carries it; what else is in the package is not used."""

WAYS = {
    "wide": (1200, ()),
    "dark": (1200, ("--force-dark-mode", "--blink-settings=preferredColorScheme=0")),
    "phone": (360, ()),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A board in a folder, as a reader would open it."""
    if not CHROMIUM:
        missing("no browser is installed; apt-get install chromium")
    place = tmp_path_factory.mktemp("board")
    for path, content in render(sample_board()).items():
        (place / path).parent.mkdir(exist_ok=True)
        (place / path).write_bytes(content)
    return place


def pages(folder: Path) -> list[str]:
    """One page of each kind."""
    (incident,) = (path.name for path in (folder / "incident").iterdir())
    return [
        *("index.html", "coverage.html", "society/XB.html"),
        *(f"incident/{incident}", "digest/2026-W22.html"),
    ]


def browser(*arguments: str) -> str:
    """What the browser prints."""
    done = subprocess.run(
        [
            CHROMIUM,
            *("--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"),
            *("--no-first-run", "--disable-background-networking", "--disable-dev-shm-usage"),
            *arguments,
        ],
        capture_output=True,
        timeout=280,
        check=True,
        env={**os.environ, "NO_AT_BRIDGE": "1"},
    )
    return done.stdout.decode("utf-8", "replace") + done.stderr.decode("utf-8", "replace")


def frames(folder: Path, name: str, content: Mapping[str, int], script: str) -> str:
    """A page beside the board that shows pages of it in frames of these widths and runs `script` over them."""
    shown = "".join(
        f'<iframe src="{escape(path)}" data-path="{escape(path)}" width="{width}" height="900"></iframe>'
        for path, width in content.items()
    )
    (folder / name).write_text(
        f"<!doctype html><meta charset=utf-8>{shown}<pre id=found></pre><script>{script}</script>",
        "utf-8",
    )
    return (folder / name).as_uri()


MEASURE = """
addEventListener("load", () => {
  const found = {};
  for (const frame of document.querySelectorAll("iframe")) {
    const page = frame.contentDocument, root = page.documentElement;
    for (const each of page.querySelectorAll("details")) each.open = true;
    const wide = [...page.querySelectorAll("main *")].filter(e =>
      !e.closest(".scroll, pre, svg") && e.getBoundingClientRect().right > +frame.width + 0.5 &&
      !e.classList.contains("hidden"));
    const texts = [...page.querySelectorAll("svg.plot text")].filter(e => {
      const box = e.getBoundingClientRect();
      return box.width && getComputedStyle(e).display != "none" && (box.right > +frame.width + 0.5 || box.left < -0.5);
    });
    const small = [...page.querySelectorAll("main a, label, summary, nav a")].filter(e => {
      const box = e.getBoundingClientRect(); return box.width && box.height < 20 && !e.closest("p, td, th, dd, figcaption"); });
    found[frame.dataset.path] = {
      width: root.scrollWidth, wide: wide.length, texts: texts.map(e => e.textContent),
      small: small.map(e => e.textContent.slice(0, 40)), styled: page.styleSheets.length,
      size: parseFloat(getComputedStyle(page.querySelector("svg.plot text") || page.body).fontSize),
    };
  }
  document.getElementById("found").textContent = JSON.stringify(found);
});
"""


@pytest.fixture(scope="module")
def seen_on_a_phone(folder: Path) -> str:
    """What the browser prints of all pages beside each other: what was measured, and what it has to complain of."""
    address = frames(folder, "measure.html", dict.fromkeys(pages(folder), 360), MEASURE)
    return browser(
        *("--enable-logging=stderr", "--v=0", "--allow-file-access-from-files"),
        *("--dump-dom", "--virtual-time-budget=8000"),
        address,
    )


def test_no_page_is_wider_than_a_phone_and_its_words_keep_their_size(
    folder: Path, seen_on_a_phone: str
) -> None:
    (text,) = re.findall(r'<pre id="found">(\{.*?\})</pre>', seen_on_a_phone, re.DOTALL)
    found = json.loads(text.replace("&amp;", "&"))
    assert set(found) == set(pages(folder))
    for path, measured in found.items():
        assert measured["width"] <= 360, (path, measured)
        assert (measured["wide"], measured["texts"]) == (0, []), (path, measured)
        assert measured["styled"] == 1, "the policy refuses the page's own style"
        assert measured["size"] >= 12, path
        assert measured["small"] == [], path


@pytest.mark.parametrize("way", WAYS)
def test_a_screenshot_can_be_taken(folder: Path, tmp_path: Path, way: str) -> None:
    """Its colours are those of the scheme that was asked for."""
    width, arguments = WAYS[way]
    picture = tmp_path / "picture.png"
    browser(
        f"--screenshot={picture}",
        f"--window-size={max(width, 500)},900",
        *arguments,
        (folder / "index.html").as_uri(),
    )
    assert picture.read_bytes().startswith(b"\x89PNG")
    pillow = pytest.importorskip("PIL.Image", reason="Pillow is not installed")
    with pillow.open(picture) as image:
        red, green, blue = image.convert("RGB").getpixel((4, image.height - 4))
    light = (red + green + blue) / 3
    assert light < 60 if way == "dark" else light > 220


def test_nothing_is_loaded_and_nothing_is_refused(seen_on_a_phone: str) -> None:
    assert [line for line in seen_on_a_phone.splitlines() if "CONSOLE" in line] == []
    said = seen_on_a_phone.replace("Content-Security-Policy", "")
    assert "Content Security Policy" not in said


def test_what_a_page_may_not_load_is_seen(folder: Path) -> None:
    """The page beside the board shows what is refused inside a frame."""
    page = (folder / "index.html").read_text("utf-8")
    (folder / "bad.html").write_text(
        page.replace("</main>", '<img src="https://other.example/a.png" alt=""></main>'), "utf-8"
    )
    printed = browser(
        *("--enable-logging=stderr", "--v=0", "--dump-dom", "--virtual-time-budget=2000"),
        frames(folder, "watched.html", {"bad.html": 360}, ""),
    )
    (folder / "bad.html").unlink()
    assert any("CONSOLE" in line for line in printed.splitlines())


CHECK = """
addEventListener("load", async () => {
  const found = {};
  for (const frame of document.querySelectorAll("iframe")) {
    frame.contentWindow.eval(AXE);
    for (const each of frame.contentDocument.querySelectorAll("details")) each.open = true;
    const result = await frame.contentWindow.axe.run(frame.contentDocument, {
      runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
      resultTypes: ["violations"],
    });
    found[frame.dataset.path] = result.violations.map(v =>
      [v.id, v.help, v.nodes.slice(0, 3).map(n => n.html.slice(0, 160))]);
  }
  document.getElementById("found").textContent = JSON.stringify(found);
});
"""


@pytest.mark.parametrize("way", ("dark", "phone"))  # of what is wide and light, each has a half
def test_a_checker_of_accessibility_finds_no_fault(folder: Path, tmp_path: Path, way: str) -> None:
    width, arguments = WAYS[way]
    copy = tmp_path / "copy"
    shutil.copytree(folder, copy)
    for path in copy.rglob(
        "*.html"
    ):  # what checks the page is a script, which the page's policy refuses
        text = path.read_text("utf-8")
        path.write_text(re.sub(r"<meta http-equiv=[^>]*>", "", text), "utf-8")
    script = f"const AXE = {json.dumps(AXE.read_text('utf-8'))};".replace("</", "<\\/") + CHECK
    address = frames(copy, "check.html", dict.fromkeys(pages(copy), width), script)
    printed = browser(
        "--allow-file-access-from-files",
        "--dump-dom",
        "--virtual-time-budget=60000",
        *arguments,
        address,
    )
    match = re.search(r'<pre id="found">(\{.*?\})</pre>', printed, re.DOTALL)
    assert match, printed[-2000:]
    found = json.loads(match[1].replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&"))
    assert set(found) == set(pages(copy))
    assert {path: faults for path, faults in found.items() if faults} == {}


def test_the_sample_has_an_incident() -> None:
    (one,) = sample_board().incidents
    assert incident_file(one.incident.id) in render(sample_board())
