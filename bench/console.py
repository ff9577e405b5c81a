"""The console beside bare Textual, each in a terminal of its own, in turn; and what it must not do at all."""

from __future__ import annotations

import itertools
import os
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

from bench import drawing, scene
from bench.measure import Result, median_of, seconds
from bench.terminal import Terminal
from bench.wire import login, wire
from store.services.acting import statement_of
from store.services.context import SYSTEM, Context
from store.services.history import moments, replay, searching
from store.workspace import open_workspace

_TABLE_ROWS = 1_000
"""What Textual's own table can hold without being slow."""
_PRESSES = 60
_SETTLED = 0.4
"""Seconds of silence after which a key's answer is over: the preview has come too."""
_IDLE_SECONDS = 20


def run(folder: Path, entries: int) -> list[Result]:
    """Measure the console on a ledger of `entries`, and on one of 100."""
    big = scene.long(folder / "long", entries)
    small = scene.long(folder / "short", 100)
    settings = folder / "config" / "quarterdeck"
    settings.mkdir(parents=True, exist_ok=True)
    (settings / "settings.toml").write_text("tour = false\n")
    # What the console and the bare app import is compiled once, before anything is timed.
    os.environ |= {"XDG_CONFIG_HOME": f"{folder}/config", "PYTHONPYCACHEPREFIX": f"{folder}/compiled"}
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    space = open_workspace(big)
    try:
        return [
            *_first_paint(small, big, entries),
            *_keys(big, entries),
            *drawing.run(),
            _seen(space.context, big),
            *_over_ssh(folder, big, entries),
            _idle(big),
            _replay(space.context, entries),
            *_searches(space.context, entries),
        ]
    finally:
        space.close()


def console(root: Path) -> list[str]:
    """Return the command that opens the console at the ledger's list."""
    return [sys.executable, "-m", "console.cli", "-w", str(root), "open", "ledger", "--read-only"]


def bare(kind: str, rows: int) -> list[str]:
    """Return the command of the bare app."""
    return [sys.executable, "-m", "bench.bare_list", kind, str(rows)]


def _full(newest: int) -> Callable[[str], bool]:
    """Return what tells a screen full of rows: one far below the newest is there."""
    return lambda text: f"{newest - 28:,} " in text


def _first_paint(small: Path, big: Path, entries: int) -> list[Result]:
    size = {root: _size(root) for root in (small, big)}
    cases = (
        (bare("screen", entries), entries),
        (console(small), size[small]),
        (console(big), size[big]),
    )
    for command, newest in cases:
        _paint(command, newest)  # compiles and warms the disk
    times = list(zip(*([_paint(*case) for case in cases] for _ in range(5)), strict=True))
    wall = [statistics.median(one[0] for one in times) for times in times]
    work = [statistics.median(one[1] for one in times) for times in times]
    return [
        Result(
            what="the console's first screen full of rows, processor time from the start of the program",
            ours=f"{work[2]:.2f} s ({wall[2]:.2f} s by the clock)",
            beside=f"bare Textual app of as many widgets, over nothing: {work[0]:.2f} s ({wall[0]:.2f} s)",
            ratio=f"{work[2] / work[0]:.2f}×",
            goal="≤ 1.5×",
            met=work[2] <= 1.5 * work[0],
        ),
        Result(
            what=f"the same with {entries:,} entries",
            ours=f"{work[2]:.2f} s",
            beside=f"with 100 entries: {work[1]:.2f} s",
            ratio=f"{work[2] / work[1]:.2f}×",
            goal="≤ 1.1×",
            met=work[2] <= 1.1 * work[1],
        ),
    ]


def _size(root: Path) -> int:
    space = open_workspace(root)
    size = space.context.ledger.head().size
    space.close()
    return size


def _paint(command: list[str], newest: int) -> tuple[float, float]:
    with Terminal(command) as terminal:
        wall = terminal.until(_full(newest))
        return wall, terminal.used


def _keys(big: Path, entries: int) -> list[Result]:
    newest = _size(big)
    with Terminal(console(big)) as ours, Terminal(bare("table", _TABLE_ROWS)) as theirs:
        ours.until(_full(newest))
        theirs.until(_full(_TABLE_ROWS))
        for terminal in (ours, theirs):
            terminal.quiet(1)
        pairs = [(ours.press("j", _SETTLED)[0], theirs.press("j", _SETTLED)[0]) for _ in range(_PRESSES)]
    mine, other = (_p95(times) for times in zip(*pairs, strict=True))
    return [
        Result(
            what=f"key to paint in a list of {entries:,}, p95 of {_PRESSES} (median {_median(pairs, 0):.1f} ms)",
            ours=f"{mine * 1000:.1f} ms",
            beside=f"Textual's own table of {_TABLE_ROWS:,}: {other * 1000:.1f} ms (median {_median(pairs, 1):.1f} ms)",
            ratio=f"{mine / other:.2f}×",
            goal="≤ 1.5×",
            met=mine <= 1.5 * other,
        )
    ]


def _p95(times: tuple[float, ...]) -> float:
    return sorted(times)[int(len(times) * 0.95)]


def _median(pairs: list[tuple[float, float]], which: int) -> float:
    return statistics.median(pair[which] for pair in pairs) * 1000


def _seen(context: Context, root: Path) -> Result:
    """Measure from another process's commit to the row on the screen; the bench is that other process."""
    times = []
    with Terminal(console(root)) as terminal:
        terminal.until(_full(context.ledger.head().size))
        terminal.quiet(1)
        for number in range(10):
            size = context.ledger.head().size + 1
            with context.ledger.writing() as writer:
                writer.append(statement_of(context, scene.observed(context, number), SYSTEM))
            committed = time.perf_counter()
            shown = terminal.began + terminal.until(lambda text, size=size: f"{size:,}  2" in text)
            times.append(shown - committed)
            terminal.quiet(0.5)
    worst = max(times)
    return Result(
        what="an entry of another process on the screen after its commit, worst of 10",
        ours=f"{worst * 1000:.0f} ms (median {statistics.median(times) * 1000:.0f} ms)",
        beside="—",
        ratio="—",
        goal="≤ 300 ms",
        met=worst <= 0.3,
    )


def _over_ssh(folder: Path, big: Path, entries: int) -> list[Result]:
    here = {name: os.environ[name] for name in ("XDG_STATE_HOME", "XDG_CONFIG_HOME", "PYTHONPYCACHEPREFIX")}
    setting = " ".join(f"{name}={value}" for name, value in here.items())
    newest = _size(big)

    def moved(command: list[str], rows: int, *options: str) -> float:
        line = f"cd {Path.cwd()} && env LANG=C.UTF-8 TEXTUAL_ANIMATIONS=none {setting} {' '.join(command)}"
        counted = []
        with Terminal(login(between, server, line, *options)) as terminal:
            terminal.until(_full(rows))
            terminal.quiet(1.5)
            for _ in range(12):
                before = between.received
                terminal.press("j", _SETTLED)
                counted.append(between.received - before)
        return statistics.median(counted)

    with wire(folder / "sshd") as (between, server):
        plain, table = moved(console(big), newest), moved(bare("table", _TABLE_ROWS), _TABLE_ROWS)
        packed = moved(console(big), newest, "-C")
    return [
        Result(
            what=f"a cursor move in a list of {entries:,} over ssh, its preview beside it included",
            ours=f"{plain:,.0f} B on the wire",
            beside=f"Textual's own table of that width, no preview: {table:,.0f} B",
            ratio=f"{plain / table:.2f}×",
            goal="≤ 1.2×",
            met=plain <= 1.2 * table,
        ),
        Result(
            what="the same with ssh -C",
            ours=f"{packed:,.0f} B on the wire",
            beside="—",
            ratio="—",
            goal="≤ 300 B",
            met=packed <= 300,
        ),
    ]


def _idle(big: Path) -> Result:
    newest = _size(big)
    with Terminal(console(big)) as terminal:
        terminal.until(_full(newest))
        terminal.quiet(3)
        used, began = terminal.processor_seconds(), time.perf_counter()
        sent = 0
        while (left := began + _IDLE_SECONDS - time.perf_counter()) > 0:
            piece = terminal.piece(left)
            sent += len(piece.data) if piece is not None else 0
        share = (terminal.processor_seconds() - used) / _IDLE_SECONDS
    return Result(
        what=f"the idle console, over {_IDLE_SECONDS} s",
        ours=f"{sent} B, {share:.1%} of a core",
        beside="—",
        ratio="—",
        goal="0 B, ≤ 1 %",
        met=sent == 0 and share <= 0.01,
    )


def _replay(context: Context, entries: int) -> Result:
    marks = replay.timeline(context)
    chosen = itertools.cycle(marks[:: max(len(marks) // 9, 1)])

    def step() -> None:
        mark = next(chosen)
        moments.moment(context, replay.Instant(seq=mark.seq, time=mark.time))

    took = median_of(step, 30)
    return Result(
        what=f"one step of the replay, {entries:,} entries and {entries // 100:,} deployments",
        ours=f"{took * 1000:.1f} ms",
        beside="—",
        ratio="—",
        goal="≤ 50 ms",
        met=took <= 0.05,
    )


def _searches(context: Context, entries: int) -> list[Result]:
    size = context.ledger.head().size
    results = []
    for what, text in (
        ("by actor", "actor:nobody"),
        ("for free text", "no such words"),
        ("for a word in most", "flows"),
    ):
        query = searching.parse(text, now=context.clock.now())
        found: list[int] = []

        def look(query: searching.Query = query, found: list[int] = found) -> None:
            found[:] = [sum(len(step.seqs) for step in searching.search(context, query, size=size))]

        took = min(seconds(look) for _ in range(2))
        results.append(
            Result(
                what=f"a search {what} through {entries:,} entries, {found[0]:,} found",
                ours=f"{took:.2f} s",
                beside="—",
                ratio="—",
                goal="≤ 3 s",
                met=took <= 3,
            )
        )
    return results
