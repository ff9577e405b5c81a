"""How long the console's large widgets take from being made to being drawn."""

from __future__ import annotations

import asyncio
import json
import statistics
import time
from collections.abc import Sequence

from textual.app import ComposeResult
from textual.containers import Container
from textual.widget import Widget

from bench.measure import Result
from console.widgets.columns import Column, Row
from console.widgets.diff_view import DiffView
from console.widgets.terminal import TerminalApp
from console.widgets.virtual_table import VirtualTable, Window

_TIMES = 7
_ROWS = 1_000_000
_LINES = 7_000


class Stage(TerminalApp[None]):
    """An app with room for one widget."""

    def compose(self) -> ComposeResult:
        yield Container()


def run() -> list[Result]:
    """Open a table of a million rows and a diff of seven thousand lines."""
    return asyncio.run(_run())


async def _run() -> list[Result]:
    app = Stage()
    async with app.run_test(size=(140, 45)):
        opened = [await _table(app) for _ in range(_TIMES)]
        compared = [await _diff(app) for _ in range(_TIMES)]
    fetched = max(rows for _, rows in opened)
    return [
        _line(f"a table of {_ROWS:,} rows opens ({fetched} of them read)", [took for took, _ in opened]),
        _line(f"a diff of {_LINES:,} lines opens", compared),
    ]


def _line(what: str, times: list[float]) -> Result:
    took = statistics.median(times)
    return Result(what=what, ours=f"{took * 1000:.0f} ms", beside="—", ratio="—", goal="≤ 150 ms", met=took <= 0.15)


async def _table(app: Stage) -> tuple[float, int]:
    read = 0

    def fetch(window: Window) -> Sequence[Row]:
        nonlocal read
        read += window.limit
        numbers = range(window.offset, window.offset + window.limit)
        return [Row(key=str(n), cells=(f"{n:,}", "2026-11-26 11:55:13", "artifact.ingested")) for n in numbers]

    columns = (Column(name="entry"), Column(name="time"), Column(name="kind"))
    began = time.perf_counter()
    table = VirtualTable(columns, fetch, total=_ROWS)
    await _drawn(app, table, "artifact")
    took = time.perf_counter() - began
    await table.remove()
    return took, read


async def _diff(app: Stage) -> float:
    old = json.dumps(
        [{"id": f"n{i}", "type": "function", "name": f"step {i}", "x": i} for i in range(_LINES // 6)], indent=1
    )
    new = old.replace('"step 7', '"stage 7')
    assert old.count("\n") > _LINES * 0.95
    began = time.perf_counter()
    view = DiffView()
    await app.query_one(Container).mount(view)
    view.compare(old, new)
    await _drawn(app, view, "stage")
    took = time.perf_counter() - began
    await view.remove()
    return took


async def _drawn(app: Stage, widget: Widget, word: str) -> None:
    """Wait until a word is among the lines that the widget draws."""
    if not widget.is_attached:
        await app.query_one(Container).mount(widget)
    while not any(word in widget.render_line(y).text for y in range(min(widget.size.height, 30))):
        await asyncio.sleep(0.001)
