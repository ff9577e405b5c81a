"""Verification: reads every byte that matters, believes nothing, and says one word (integrity.md, "The verdict")."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Final, Protocol

from store.clock import parse_timestamp
from store.errors import IntegrityFailure, QuarterdeckError, StorageFailure
from store.integrity.checkpoint import Checkpoint, open_checkpoint
from store.integrity.entry import Entry, open_entry
from store.integrity.merkle import consistency_proof
from store.integrity.note import COSIGNATURE, Verifier, open_note
from store.ledger.connection import check_file, explain, open_reader
from store.ledger.heads import HeadStore
from store.ledger.ledger import Ledger
from store.ledger.report import MAX_PROBLEMS, Contradiction, Problem, Report, verdict_of
from store.ledger.schema import check_identity, schema_problems
from store.ledger.span import SPAN, Findings, Rules, Stopped, check_span
from store.ledger.state import disagreement, newest_note
from store.ledger.tree import START, Nodes, Position, position_at
from store.ledger.workers import Shared, available_helpers, check_claimed, helpers

SHARE_FROM: Final = 8 * SPAN
"""Entries from which starting another process pays."""
Progress = Callable[[int, int], bool]
"""(entries checked, entries in all) → go on?"""


class VerificationStopped(QuarterdeckError):  # noqa: N818 - not an error, an answer
    """The progress callback asked to stop: there is no verdict (exit 2)."""


class Audit(Protocol):
    """Rules beyond the bytes: whether signatures count, by the keys in force at each entry.

    An object with an attribute `kinds` (a set of names) is shown only signed entries and entries of those kinds,
    which is what makes the verification of a long ledger quick; without it, every entry.
    """

    def check(self, entry: Entry) -> str | None:
        """Return what is wrong with `entry`, in one line; None when nothing is. Called in order."""
        ...


def verify(
    ledger: Path | Ledger,
    *,
    heads: Sequence[HeadStore],
    verifier: Verifier,
    origin: str,
    progress: Progress | None = None,
    start: Checkpoint | None = None,
    audit: Audit | None = None,
    tables: Sequence[str] = (),
    witnesses: Sequence[Verifier] = (),
    quorum: int = 1,
    fast: bool = False,
    processes: int | None = None,
) -> Report:
    """Check a ledger against its own key, and against every head kept in `heads`.

    Every body is hashed, every link followed, the tree computed, every stored checkpoint checked; `fast` leaves
    out the canonical form of the bodies, and `audit`. With `start`, a checkpoint the caller trusts, only what came
    after it is read. `witnesses` are cosigners, of whom `quorum` must have vouched for the newest kept head.
    Long ledgers are shared between `processes` (default: one a core). Memory stays flat.

    Raises:
        BadInput: there is no ledger, or it is of another application or of a newer version.
        StorageFailure: the file cannot be read.
        VerificationStopped: `progress` said no.
    """
    path = ledger.path if isinstance(ledger, Ledger) else ledger
    began = time.perf_counter()
    check_file(path)
    kinds = getattr(audit, "kinds", None)
    rules = Rules(origin=origin, verifier=verifier, kinds=frozenset(kinds or ()), fast=fast)
    check = _Verification(path, rules, heads, tuple(witnesses), start, progress or _go_on)
    try:
        with closing(open_reader(path)) as connection:
            check_identity(connection, path)
            check.run(connection, tables, processes)
            if audit is not None and not fast:
                check.audit(connection, audit, everything=kinds is None)
            check.compare_heads(connection)
            check.measure_tail(connection)
    except IntegrityFailure as error:
        check.add(0, "storage", str(error))
    except sqlite3.Error as error:
        failure = explain(error, path)
        if not isinstance(failure, IntegrityFailure):
            raise failure from error
        check.add(0, "storage", str(failure))
    except Stopped:
        raise VerificationStopped(f"{path}: verification was stopped; there is no verdict") from None
    return check.report(quorum, time.perf_counter() - began)


class _Verification:
    """What one verification has found so far."""

    def __init__(
        self,
        path: Path,
        rules: Rules,
        heads: Sequence[HeadStore],
        witnesses: tuple[Verifier, ...],
        start: Checkpoint | None,
        progress: Progress,
    ) -> None:
        self._path = path
        self._rules = rules
        self._witnesses = witnesses
        self._trusted = start
        self._progress = progress
        self._kept = _read_heads(heads)  # before the file: what is committed meanwhile is no contradiction
        self._problems: list[Problem] = []
        self._contradictions: list[Contradiction] = []
        self._wanted: list[int] = []
        self._position = START
        self._signed = 0
        self._total = 0
        self._start = 0
        self._anchored = 0
        self._cosigned = 0
        self._tail_minutes = 0

    def add(self, seq: int, problem: str, detail: str) -> None:
        """Note one problem."""
        self._problems.append(Problem(seq=seq, problem=problem, detail=detail))

    def run(self, connection: sqlite3.Connection, tables: Sequence[str], processes: int | None) -> None:
        """Check tables, entries, tree and checkpoints."""
        for difference in schema_problems(connection, tables):
            self.add(0, "schema", difference)
        lowest, self._total = connection.execute("SELECT min(seq), coalesce(max(seq), 0) FROM entry").fetchone()
        if lowest is not None and lowest < 1:
            self.add(lowest, "sequence", f"an entry is numbered {lowest}")
        position = self._trusted_position(connection)
        for found in self._stretches(connection, position, processes):
            self._problems.extend(found.problems)
            self._wanted.extend(found.wanted)
            self._signed = max(self._signed, found.signed)
            self._position = found.end
        self._check_signatures(connection)

    def _trusted_position(self, connection: sqlite3.Connection) -> Position:
        trusted = self._trusted
        if trusted is None:
            return START
        problem = disagreement(connection, self._rules.origin, self._total, trusted)
        if problem:
            self.add(trusted.size, "shorter" if trusted.size > self._total else "diverged", f"the start {problem}")
            return START
        self._start = self._signed = trusted.size
        self._position = position_at(connection, trusted.size)
        return self._position

    def _stretches(
        self, connection: sqlite3.Connection, position: Position, processes: int | None
    ) -> Iterator[Findings]:
        """Yield findings in order, each from where the one before ended."""
        borders = [*range(position.size - position.size % SPAN + SPAN, self._total, SPAN), self._total]
        spans = list(zip([position.size, *borders], borders, strict=False))
        shared = Shared(spans)
        count = available_helpers() if processes is None else processes - 1
        if self._total - position.size >= SHARE_FROM and count > 0:
            self._share(connection, shared, count)
        done = position.size
        for span in spans:
            found = shared.found.pop(span, None)
            if found is None or found.start != position:  # alone, or its stored nodes made a false claim
                step = _counting(self._progress, done, self._total)
                found = check_span(connection, self._rules, position, span[1], step)
            yield found
            position, done = found.end, span[1]
            if position.size < span[1]:
                return

    def _share(self, connection: sqlite3.Connection, shared: Shared, count: int) -> None:
        """Check stretches together with helper processes until none is left to take."""
        here = self._start
        with helpers(self._path, self._rules, shared, count) as threads:
            while (span := shared.take()) is not None:
                try:
                    shared.found[span] = check_claimed(connection, self._rules, span)
                except IntegrityFailure:
                    continue  # no claim to start from; checked in order afterwards
                here += span[1] - span[0]
                self._ask(here + shared.done_elsewhere)
            for thread in threads:
                while thread.is_alive():
                    thread.join(0.1)
                    self._ask(here + shared.done_elsewhere)

    def _ask(self, done: int) -> None:
        if not self._progress(min(done, self._total), self._total):
            raise Stopped

    def _check_signatures(self, connection: sqlite3.Connection) -> None:
        """Find what no checkpoint covers, and checkpoints over what is no longer here."""
        row = connection.execute("SELECT size, note FROM checkpoint ORDER BY size DESC LIMIT 1").fetchone()
        if row is not None and row[0] > self._total:
            if self._is_ours(row[1]):
                self.add(row[0], "shorter", f"its own checkpoint is over {row[0]} entries, {self._total} are here")
                self._contradictions.append(Contradiction(kept=row[1], ours=None))
            else:
                self.add(row[0], "checkpoint", f"a checkpoint over {row[0]} entries is not signed by the log's key")
        if self._total and self._signed < self._total:
            since = self._signed + 1
            self.add(since, "unsigned", f"no good checkpoint covers entries {since} to {self._total}")
        if not self._total and not self._problems and not self._kept:
            self.add(0, "unsigned", "there are no entries and no checkpoint")

    def _is_ours(self, note: bytes) -> bool:
        try:
            return open_checkpoint(note, [self._rules.verifier]).origin == self._rules.origin
        except IntegrityFailure:
            return False

    def audit(self, connection: sqlite3.Connection, audit: Audit, *, everything: bool) -> None:
        """Show entries to the audit: all, or the signed ones and those of its kinds."""
        wanted: Sequence[int] = range(self._start + 1, self._total + 1) if everything else self._wanted
        sql = "SELECT body, hash FROM entry WHERE seq = ?"
        for seq in wanted:
            row = connection.execute(sql, (seq,)).fetchone()
            try:
                complaint = audit.check(open_entry(seq, *row)) if row else None
            except IntegrityFailure:
                continue  # told already
            if complaint and len(self._problems) < MAX_PROBLEMS:
                self.add(seq, "rule", complaint)

    def compare_heads(self, connection: sqlite3.Connection) -> None:
        """Hold the file against every head that was kept outside of it."""
        for store, note in self._kept:
            if isinstance(note, StorageFailure):
                self.add(0, "head", str(note))
                continue
            try:
                kept = open_checkpoint(note, [self._rules.verifier])
            except IntegrityFailure as error:
                self.add(0, "head", f"{store.path}: {error}")
                continue
            problem = self._disagreement(connection, kept)
            if problem:
                short = kept.origin == self._rules.origin and kept.size > self._total
                self.add(kept.size, "shorter" if short else "diverged", f"{store.path} {problem}")
                self._contradictions.append(self._evidence(connection, kept, note))
            elif kept.size > self._anchored:
                self._anchored, self._cosigned = kept.size, self._count_cosignatures(note)

    def _disagreement(self, connection: sqlite3.Connection, kept: Checkpoint) -> str | None:
        if kept.size == self._position.size == self._total and kept.origin == self._rules.origin:
            same = kept.root == self._position.head().root  # from the bytes, not from stored nodes
            return None if same else f"remembers other first {kept.size} entries than the ones here"
        return disagreement(connection, self._rules.origin, self._total, kept)

    def _evidence(self, connection: sqlite3.Connection, kept: Checkpoint, note: bytes) -> Contradiction:
        proof: tuple[bytes, ...] = ()
        if kept.size <= self._total:
            proof = tuple(consistency_proof(kept.size, self._total, Nodes(connection).get))
        return Contradiction(kept=note, ours=newest_note(connection), proof=proof)

    def _count_cosignatures(self, note: bytes) -> int:
        if not self._witnesses:
            return 0
        try:
            opened = open_note(note, [self._rules.verifier, *self._witnesses])
        except IntegrityFailure:
            return 0
        cosigners = {(w.name, w.key_id) for w in self._witnesses if w.type == COSIGNATURE}
        return len({line.name for line in opened.signatures if (line.name, line.key_id) in cosigners})

    def measure_tail(self, connection: sqlite3.Connection) -> None:
        """Find how long, by the entries' own claims, nobody outside has been told anything."""
        if self._anchored >= self._total or self._problems:
            return
        ends = []
        for seq in (max(self._anchored, 1), self._total):
            row = connection.execute("SELECT body, hash FROM entry WHERE seq = ?", (seq,)).fetchone()
            ends.append(parse_timestamp(open_entry(seq, *row).statement.time))
        self._tail_minutes = max(0, -(-int((ends[1] - ends[0]).total_seconds()) // 60))

    def report(self, quorum: int, seconds: float) -> Report:
        """Return everything found, in one value."""
        problems = tuple(sorted(self._problems, key=lambda problem: problem.seq)[:MAX_PROBLEMS])
        witnessed = self._anchored > 0 and 0 < quorum <= self._cosigned
        return Report(
            verdict=verdict_of(problems, anchored=self._anchored > 0, witnessed=witnessed),
            entries=self._total,
            root=self._position.head().root,
            problems=problems,
            contradictions=tuple(self._contradictions),
            anchored=(self._anchored, self._total) if self._anchored else None,
            cosigned=(self._cosigned, len(self._witnesses)) if self._witnesses else None,
            tail_entries=max(0, self._total - self._anchored),
            tail_minutes=self._tail_minutes,
            start=self._start,
            seconds=seconds,
        )


def _read_heads(heads: Sequence[HeadStore]) -> list[tuple[HeadStore, bytes | StorageFailure]]:
    found: list[tuple[HeadStore, bytes | StorageFailure]] = []
    for store in heads:
        try:
            note = store.read()
        except StorageFailure as error:
            found.append((store, error))
        else:
            if note is not None:
                found.append((store, note))
    return found


def _counting(progress: Progress, done: int, total: int) -> Callable[[int], bool]:
    def step(count: int) -> bool:
        nonlocal done
        done += count
        return progress(min(done, total), total)

    return step


def _go_on(_done: int, _total: int) -> bool:
    return True
