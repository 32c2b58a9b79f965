"""docs/explore.ipynb runs from top to bottom, and is stored without what it printed."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import nbclient
import nbformat
import pytest

from flows.settings import load_settings
from flows.watching import watch
from flows.wiring import edges
from tests.fixtures_command import Place
from tests.judged_documents import a_day, judged, store
from tests.people import People

NOTEBOOK = Path(__file__).parents[1] / "docs" / "explore.ipynb"

read: Any = nbformat.read  # untyped

SUNDAY = date(2026, 11, 15)


def test_the_notebook_is_stored_without_outputs_and_says_that_the_data_is_simulated() -> None:
    cells = read(NOTEBOOK, 4).cells
    assert not any(cell.get("outputs") for cell in cells)
    assert cells[0].source.startswith("# Exploring with pandas\n\n**The data is simulated**")


def test_the_notebook_runs_and_draws(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    with edges(load_settings(), create=True, sources=[]) as opened:
        batch = [
            judged(one.document, "oppose" if number < 15 else "support", irregular="oppose")
            for number in range(28)
            for one in a_day(SUNDAY - timedelta(days=number), 2, 2, society="XB")
        ]
        store(opened.database, *batch)
        now = datetime(2026, 11, 16, 1, tzinfo=UTC)
        watch(msgspec.structs.replace(opened, channels=(People(),)), now=now)
    place.set("BAROMETER_SIMULATED", "true")
    place.set("BAROMETER_SETTINGS", place.write("barometer.toml", "simulated = true\n"))
    monkeypatch.setenv("IPYTHONDIR", str(place.folder / "ipython"))
    notebook = read(NOTEBOOK, 4)
    client = nbclient.NotebookClient(
        notebook, kernel_name="python3", resources={"metadata": {"path": str(place.folder)}}
    )
    client.execute()
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", ())]
    assert sum("image/png" in output.get("data", {}) for output in outputs) == 3
    printed = "".join(output.get("text", "") for output in outputs)
    assert "SIMULATED: invented societies" in printed
    (table,) = [o["data"]["text/plain"] for o in outputs if "label" in str(o.get("data"))]
    assert "opinion" in table
