"""Sharing a long verification between processes: each checks stretches from a claimed start, proven afterwards.

A helper is a fresh interpreter, not a fork: the console has threads and open connections. It is handed stretches
one at a time, so that a slow or busy core takes fewer.
"""

from __future__ import annotations

import gc
import os
import sqlite3
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import orjson

from store.errors import IntegrityFailure, QuarterdeckError
from store.integrity.logkeys import LogKeys
from store.integrity.merkle import Frontier
from store.integrity.note import Verifier
from store.ledger.connection import open_reader
from store.ledger.report import Problem
from store.ledger.span import SPAN, Findings, Rules, Stopped, check_span
from store.ledger.tree import Position, position_at

MAX_HELPERS: Final = 3
_BOOT: Final = (
    "import json, sys, types; sys.path[:] = json.loads(sys.argv[1]); import store;"
    " package = sys.modules['store.ledger'] = types.ModuleType('store.ledger');"
    " package.__path__ = [f'{folder}/ledger' for folder in store.__path__];"
    " from store.ledger.workers import serve; serve(sys.argv[2], sys.argv[3])"
)
"""The package stands empty in a helper, without its façade: that would import the writing half, 0.06 s on 0.1 s."""
SHARE_FROM: Final = 8 * SPAN
"""Entries from which starting another process pays (131,072)."""

Span = tuple[int, int]
"""(entries before it, its last entry)."""
Progress = Callable[[int, int], bool]
"""(entries checked, entries in all) → go on?"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Job:
    """A whole verification's worth of entries."""

    path: Path
    rules: Rules
    total: int
    """The last entry."""
    progress: Progress
    """Asked in the caller's thread only."""


def check_all(
    connection: sqlite3.Connection, job: Job, position: Position, processes: int | None
) -> Iterator[Findings]:
    """Yield findings in order, each from where the one before ended, until the last entry or a gap.

    Raises:
        Stopped: `job.progress` said no.
    """
    borders = [*range(position.size - position.size % SPAN + SPAN, job.total, SPAN), job.total]
    spans = list(zip([position.size, *borders], borders, strict=False))
    shared = Shared(spans)
    count = available_helpers() if processes is None else processes - 1
    stopped = False
    if job.total - position.size >= SHARE_FROM and count > 0:
        try:
            _share(connection, job, shared, position.size, count)
        except Stopped:
            stopped = True  # what is checked without a gap is still worth going on from
    done = position.size
    for span in spans:
        found = shared.found.pop(span, None)
        if found is None or found.start != position:  # alone, or its stored nodes made a false claim
            if stopped:
                raise Stopped
            found = check_span(connection, job.rules, position, span[1], _counting(job, done))
        yield found
        position, done = found.end, span[1]
        if position.size < span[1]:
            return


class Shared:
    """Stretches to check and what came of them; safe to use from several threads."""

    def __init__(self, spans: Sequence[Span]) -> None:
        self._todo = deque(spans)
        self.found: dict[Span, Findings] = {}
        self.done_elsewhere = 0
        """Entries that helpers have checked so far."""
        self.stopped = False

    def take(self) -> Span | None:
        """Return a stretch nobody has taken yet; None when there is none."""
        try:
            return None if self.stopped else self._todo.popleft()
        except IndexError:
            return None


@contextmanager
def helpers(path: Path, rules: Rules, shared: Shared, count: int) -> Iterator[list[threading.Thread]]:
    """Start `count` helper processes working on `shared`; whatever happens, none outlives the block.

    A helper that cannot start or dies leaves its stretch unchecked: the caller checks what is missing.
    """
    processes: list[subprocess.Popen[bytes]] = []
    threads: list[threading.Thread] = []
    try:
        for _ in range(count if sys.executable else 0):
            try:
                process = _start(path, rules)
            except OSError:
                break
            processes.append(process)
            threads.append(threading.Thread(target=_feed, args=(process, shared), daemon=True))
            threads[-1].start()
        yield threads
    finally:
        shared.stopped = True
        for process in processes:
            process.kill()
        for thread in threads:
            thread.join()
        for process in processes:
            process.wait()
            for pipe in (process.stdin, process.stdout):
                if pipe is not None:
                    with suppress(OSError):  # what was still to be written has no reader any more
                        pipe.close()


def available_helpers() -> int:
    """Return how many helpers this machine has a core for, besides the caller's own."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(0, min(MAX_HELPERS, cores - 1))


def serve(path: str, rules: str) -> None:
    """Be a helper: a stretch in per line on standard input, its findings out per line, until the input ends."""
    known = orjson.loads(rules)
    loaded = Rules(
        origin=known["origin"],
        keys=_keys(known["keys"], known["seconds"]),
        kinds=frozenset(known["kinds"]),
        fast=known["fast"],
    )
    connection = open_reader(Path(path))
    gc.disable()  # parsed entries hold no cycles, and there are very many of them
    try:
        for line in sys.stdin.buffer:
            begin, until = orjson.loads(line)
            try:
                answer = to_json(check_claimed(connection, loaded, (begin, until)))
            except QuarterdeckError:
                answer = None  # the caller finds the same, and says it
            sys.stdout.buffer.write(orjson.dumps(answer) + b"\n")
            sys.stdout.buffer.flush()
    except (BrokenPipeError, KeyboardInterrupt):
        return
    finally:
        connection.close()


def check_claimed(connection: sqlite3.Connection, rules: Rules, span: Span) -> Findings:
    """Check one stretch from where the stored nodes claim it starts.

    Whoever joins stretches compares the claim with where the stretch before really ended.
    """
    return check_span(connection, rules, position_at(connection, span[0]), span[1], lambda _count: True)


def to_json(found: Findings) -> dict[str, Any]:
    """Return findings as JSON; `from_json` is the way back."""
    return {
        "start": _place(found.start),
        "end": _place(found.end),
        "problems": [[p.seq, p.problem, p.detail] for p in found.problems],
        "wanted": found.wanted,
        "signed": found.signed,
    }


def from_json(value: dict[str, Any]) -> Findings:
    """Return the findings that `to_json` wrote."""
    return Findings(
        start=_position(value["start"]),
        end=_position(value["end"]),
        problems=[Problem(seq=seq, problem=problem, detail=detail) for seq, problem, detail in value["problems"]],
        wanted=value["wanted"],
        signed=value["signed"],
    )


def _share(connection: sqlite3.Connection, job: Job, shared: Shared, here: int, count: int) -> None:
    """Check stretches together with helper processes until none is left to take."""
    with helpers(job.path, job.rules, shared, count) as threads:
        while (span := shared.take()) is not None:
            try:
                shared.found[span] = check_claimed(connection, job.rules, span)
            except IntegrityFailure:
                continue  # no claim to start from; checked in order afterwards
            here += span[1] - span[0]
            _ask(job, here + shared.done_elsewhere)
        for thread in threads:
            while thread.is_alive():
                thread.join(0.1)
                _ask(job, here + shared.done_elsewhere)


def _ask(job: Job, done: int) -> None:
    if not job.progress(min(done, job.total), job.total):
        raise Stopped


def _counting(job: Job, done: int) -> Callable[[int], bool]:
    def step(count: int) -> bool:
        nonlocal done
        done += count
        return job.progress(min(done, job.total), job.total)

    return step


def _start(path: Path, rules: Rules) -> subprocess.Popen[bytes]:
    written = {
        "origin": rules.origin,
        "keys": [[0, rules.keys.first.vkey], *([seq, key.vkey] for seq, key in rules.keys.rotations)],
        "seconds": [[seq, key and key.vkey] for seq, key in rules.keys.seconds],
        "kinds": sorted(rules.kinds),
        "fast": rules.fast,
    }
    search_path = orjson.dumps([entry for entry in sys.path if entry]).decode()
    arguments = [search_path, str(path.absolute()), orjson.dumps(written).decode()]
    # -I: neither the working folder nor the user's site packages may slip a module in.
    return subprocess.Popen(
        [sys.executable, "-I", "-c", _BOOT, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )


def _feed(process: subprocess.Popen[bytes], shared: Shared) -> None:
    assert process.stdin is not None
    assert process.stdout is not None
    while (span := shared.take()) is not None:
        try:
            process.stdin.write(orjson.dumps(span) + b"\n")
            process.stdin.flush()
            answer = orjson.loads(process.stdout.readline())
        except (OSError, ValueError):
            return
        if answer is not None:
            shared.found[span] = from_json(answer)
            shared.done_elsewhere += span[1] - span[0]


def _keys(written: list[tuple[int, str]], seconds: list[tuple[int, str | None]]) -> LogKeys:
    (_, first), *later = written
    rotations = tuple((seq, Verifier.from_vkey(vkey)) for seq, vkey in later)
    beside = tuple((seq, Verifier.from_vkey(vkey) if vkey else None) for seq, vkey in seconds)
    return LogKeys(Verifier.from_vkey(first), rotations, beside)


def _place(position: Position) -> list[Any]:
    return [position.size, [hash_.hex() for hash_ in position.frontier.hashes], position.last.hex()]


def _position(value: list[Any]) -> Position:
    size, hashes, last = value
    return Position(Frontier(size, tuple(map(bytes.fromhex, hashes))), bytes.fromhex(last))
