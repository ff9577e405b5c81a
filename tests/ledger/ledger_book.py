"""A ledger on disk, and what tests do to it."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from support.ticking import TickingClock

from store.clock import timestamp
from store.integrity.entry import Statement
from store.integrity.note import NoteSigner
from store.ledger import HeadStore, Ledger
from store.ledger.report import Report
from store.ledger.schema import LEDGER_TABLES
from store.ledger.verify import verify

ORIGIN = "ledger.example/test"
SEED = bytes(range(32))
TABLES = ("CREATE TABLE note(seq INTEGER PRIMARY KEY, text TEXT NOT NULL) STRICT",)


def log_signer(seed: bytes = SEED) -> NoteSigner:
    return NoteSigner(ORIGIN, Ed25519PrivateKey.from_private_bytes(seed))


@dataclass
class Book:
    """A ledger on disk, with what a test does to it."""

    path: Path
    heads: tuple[HeadStore, ...]
    signer: NoteSigner = field(default_factory=log_signer)
    clock: TickingClock = field(default_factory=TickingClock)
    ledger: Ledger = field(init=False)
    number: int = 0

    def __post_init__(self) -> None:
        self.ledger = Ledger.create(
            self.path, origin=ORIGIN, log_signer=self.signer, clock=self.clock, heads=self.heads, tables=TABLES
        )

    def statement(self, kind: str = "thing.happened", **changes: Any) -> Statement:
        self.number += 1
        values = {
            "origin": ORIGIN,
            "kind": kind,
            "time": timestamp(self.clock.now()),
            "actor": "p-1",
            "on": {"request": f"CR-{self.number % 3:04}", "project": "orders"},
            "data": {"number": self.number, "name": "flows.json", "parts": [{"id": "a", "count": 2}]},
        }
        return Statement(**{**values, **changes})

    def fill(self, count: int, *, together: bool = False, **changes: Any) -> None:
        if together:
            with self.ledger.writing() as writer:
                for _ in range(count):
                    writer.append(self.statement(**changes))
            return
        for _ in range(count):
            with self.ledger.writing() as writer:
                writer.append(self.statement(**changes))

    def open(self, **changes: Any) -> Ledger:
        values: dict[str, Any] = {
            "clock": self.clock,
            "heads": self.heads,
            "log_signer": self.signer,
            "verifier": self.signer.verifier,
            "origin": ORIGIN,
            "tables": lambda: TABLES,
        }
        return Ledger.open(self.path, **{**values, **changes})

    def reopen(self) -> Ledger:
        self.ledger.close()
        self.ledger = self.open()
        return self.ledger

    def verify(self, **changes: Any) -> Report:
        values: dict[str, Any] = {
            "heads": self.heads,
            "verifier": self.signer.verifier,
            "origin": ORIGIN,
            "tables": TABLES,
        }
        return verify(self.path, **{**values, **changes})

    def tamper(self, *statements: str | tuple[str, Sequence[Any]], keep_triggers: bool = False) -> None:
        """Change the file as somebody would who knows SQLite: triggers off, the change, triggers on again."""
        triggers = [sql for sql in LEDGER_TABLES if sql.startswith("CREATE TRIGGER")]
        with closing(sqlite3.connect(self.path, isolation_level=None)) as connection:
            connection.execute("BEGIN IMMEDIATE")
            if not keep_triggers:
                for sql in triggers:
                    connection.execute(f"DROP TRIGGER {sql.split()[2]}")
            for statement in statements:
                connection.execute(*((statement,) if isinstance(statement, str) else statement))
            if not keep_triggers:
                for sql in triggers:
                    connection.execute(sql)
            connection.execute("COMMIT")

    def rows(self, sql: str) -> list[Any]:
        with closing(sqlite3.connect(self.path)) as connection:
            return connection.execute(sql).fetchall()

    def beside_heads(self) -> list[Path]:
        """Return what lies in the heads' folders beside the heads."""
        return [path for store in self.heads for path in store.path.parent.iterdir() if path != store.path]


def kinds(report: Report) -> set[str]:
    """Return which kinds of problems a verification found."""
    return {problem.problem for problem in report.problems}
