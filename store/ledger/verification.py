"""One verification under way: tables, entries, tree, checkpoints, kept heads, and what each of them says."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final, Protocol

from store.clock import parse_timestamp
from store.errors import IntegrityFailure
from store.integrity.checkpoint import Checkpoint
from store.integrity.entry import Entry, open_entry
from store.integrity.note import Verifier
from store.ledger.anchors import Anchors, compare_heads, read_heads
from store.ledger.heads import HeadStore
from store.ledger.keychain import read_keys
from store.ledger.report import MAX_PROBLEMS, Contradiction, Problem, Report, verdict_of
from store.ledger.schema import schema_problems
from store.ledger.span import Rules, Stopped
from store.ledger.state import disagreement
from store.ledger.tree import START, TILE_LEVELS, Position, position_at
from store.ledger.workers import Job, Progress, check_all

_OTHER_KIND: Final = """SELECT seq, typeof(body), typeof(hash) FROM entry
    WHERE typeof(body) IS NOT 'blob' OR typeof(hash) IS NOT 'blob' ORDER BY seq LIMIT 1"""
_STRAY_NODE: Final = """SELECT level, idx FROM node WHERE level NOT BETWEEN 1 AND 56 OR level % ? <> 0
    OR idx NOT BETWEEN 0 AND ? >> level OR (idx + 1) << level > ? ORDER BY level, idx LIMIT 1"""
_LEAST: Final = 64
"""No entry takes fewer bytes in the file."""


class Audit(Protocol):
    """Rules beyond the bytes: whether signatures count, by the keys in force at each entry.

    An object with an attribute `kinds` (a set of names) is shown only signed entries and entries of those kinds,
    which is what makes the verification of a long ledger quick; without it, every entry.
    """

    def check(self, entry: Entry) -> str | None:
        """Return what is wrong with `entry`, in one line; None when nothing is. Called in order."""
        ...


class Verification:
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
        self._kept = read_heads(heads)  # before the file: what is committed meanwhile is no contradiction
        self.expected_second: Verifier | None = None
        self._problems: list[Problem] = []
        self._contradictions: list[Contradiction] = []
        self._wanted: list[int] = []
        self._position = START
        self._signed = 0
        self._total = 0
        self._start = 0
        self._anchored = 0
        self._anchors = Anchors()
        self._tail_minutes = 0

    @property
    def is_malformed(self) -> bool:
        """Whether the tables are not the ledger's: then no query can be trusted to work."""
        return any(problem.problem == "schema" for problem in self._problems)

    def add(self, seq: int, problem: str, detail: str) -> None:
        """Note one problem."""
        self._problems.append(Problem(seq=seq, problem=problem, detail=detail))

    def run(
        self, connection: sqlite3.Connection, tables: Sequence[str], processes: int | None, audit: Audit | None
    ) -> None:
        """Check everything; what is signed is shown to `audit` even when the rest was stopped."""
        try:
            self._check_bytes(connection, tables, processes)
        except Stopped:
            if audit is not None:
                self._audit(connection, audit, everything=False)
            raise
        except (TypeError, AttributeError, sqlite3.OperationalError):
            if self.is_malformed or not self._is_of_another_kind(connection):
                raise
            return
        if audit is not None:
            self._audit(connection, audit, everything=getattr(audit, "kinds", None) is None)
        self._compare_heads(connection)
        self._measure_tail(connection)

    def _check_bytes(self, connection: sqlite3.Connection, tables: Sequence[str], processes: int | None) -> None:
        """Check tables, entries, tree and checkpoints."""
        for difference in schema_problems(connection, tables):
            self.add(0, "schema", difference)
        # One at a time, so that the table itself is asked and no index, from which a row may be missing.
        (lowest,) = connection.execute("SELECT min(seq) FROM entry").fetchone()
        (self._total,) = connection.execute("SELECT coalesce(max(seq), 0) FROM entry").fetchone()
        self._total = self._credible(connection, self._total)
        self._learn_keys(connection)
        if lowest is not None and lowest < 1:
            self.add(lowest, "sequence", f"an entry is numbered {lowest}")
        position = self._trusted_position(connection)
        job = Job(path=self._path, rules=self._rules, total=self._total, progress=self._progress)
        for found in check_all(connection, job, position, processes):
            self._problems.extend(found.problems)
            self._wanted.extend(found.wanted)
            self._signed = max(self._signed, found.signed)
            self._position = found.end
        self._check_signatures(connection)
        self._check_strays(connection)

    def _is_of_another_kind(self, connection: sqlite3.Connection) -> bool:
        """Name the first entry that is not bytes; an edited page holds what it likes, STRICT or not."""
        row = connection.execute(_OTHER_KIND).fetchone()
        if row is not None:
            self.add(row[0], "storage", f"entry {row[0]} is not bytes: its body is {row[1]}, its hash {row[2]}")
        return row is not None

    def _check_strays(self, connection: sqlite3.Connection) -> None:
        """Find checkpoints and tree nodes over entries that there cannot be; they would be in the next ones' way."""
        row = connection.execute("SELECT size FROM checkpoint ORDER BY size LIMIT 1").fetchone()
        if row is not None and row[0] < 1:
            self.add(row[0], "checkpoint", f"a checkpoint is over {row[0]} entries")
        row, size = None, -1
        while size < (now := self._size_now(connection)):  # whoever appended meanwhile added nodes over new entries
            size = now
            row = connection.execute(_STRAY_NODE, (TILE_LEVELS, size, size)).fetchone()
            if row is None:
                break
        if row is not None:
            self.add(0, "tree", f"the stored tree node {row[0]}/{row[1]} is over entries that are not here")

    def reached(self) -> int:
        """Return the size of the newest checkpoint up to which everything is good; 0 where nothing is."""
        return 0 if self._problems else self._signed

    def _size_now(self, connection: sqlite3.Connection) -> int:
        """Return how many entries there are by now: a ledger in use grows while it is verified.

        Entries are committed with their checkpoint and tree, so what was read before this call is over no more.
        """
        (newest,) = connection.execute("SELECT coalesce(max(seq), 0) FROM entry").fetchone()
        return newest if self._total < newest <= self._room() else self._total

    def _room(self) -> int:
        """Return how many entries the file can hold at most."""
        files = (self._path, self._path.with_name(f"{self._path.name}-wal"))
        return sum(file.stat().st_size for file in files if file.exists()) // _LEAST

    def _credible(self, connection: sqlite3.Connection, total: int) -> int:
        """Return the newest number that the file has room for; one beyond would make us look for 2^62 entries."""
        most = self._room()
        if total <= most:
            return total
        self.add(total, "sequence", f"an entry is numbered {total}, more than the file has room for")
        (found,) = connection.execute("SELECT coalesce(max(seq), 0) FROM entry WHERE seq <= ?", (most,)).fetchone()
        return int(found)

    def _learn_keys(self, connection: sqlite3.Connection) -> None:
        """Follow the log's own key from entry 1 over every rotation; the one expected here must be among them."""
        try:
            keys = read_keys(connection, self._rules.keys.first)
        except IntegrityFailure as error:
            self.add(0, "rule", str(error))
        except sqlite3.Error:
            if not self.is_malformed:
                raise
        else:
            self._rules = replace(self._rules, keys=keys)
            if self.expected_second is not None and not keys.had_second(self.expected_second):
                name = f"{self.expected_second.name}+{self.expected_second.key_id.hex()}"
                self.add(0, "rule", f"no entry names the second key {name}, which was expected here")

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

    def _check_signatures(self, connection: sqlite3.Connection) -> None:
        """Find what no checkpoint covers, and checkpoints over what is no longer here."""
        row = connection.execute("SELECT size, note FROM checkpoint ORDER BY size DESC LIMIT 1").fetchone()
        if row is not None and row[0] > self._size_now(connection):
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
            return self._rules.keys.open(note).origin == self._rules.origin
        except IntegrityFailure:
            return False

    def _audit(self, connection: sqlite3.Connection, audit: Audit, *, everything: bool) -> None:
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

    def _compare_heads(self, connection: sqlite3.Connection) -> None:
        """Hold the file against every head that was kept outside of it."""
        anchors = compare_heads(connection, self._kept, self._rules, self._position, self._total, self._witnesses)
        self._problems.extend(anchors.problems)
        self._contradictions.extend(anchors.contradictions)
        self._anchors = anchors
        self._anchored = anchors.size

    def _measure_tail(self, connection: sqlite3.Connection) -> None:
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
        witnessed, cosigners = self._anchors.witnessed(quorum)
        return Report(
            verdict=verdict_of(problems, anchored=self._anchored > 0, witnessed=witnessed > 0),
            entries=self._total,
            root=self._position.head().root,
            problems=problems,
            contradictions=tuple(self._contradictions),
            anchored=(self._anchored, self._total) if self._anchored else None,
            cosigned=(cosigners, len({one.name for one in self._witnesses})) if self._witnesses else None,
            witnessed=witnessed,
            tail_entries=max(0, self._total - self._anchored),
            tail_minutes=self._tail_minutes,
            start=self._start,
            seconds=seconds,
        )
