"""What a ledger with one byte flipped says of itself: the truth, an error, or (never) something else.

`as_a_start_does` is the whole of it: the workspace opened, everything verified, everything read. `of_byte` comes to the
same without what the flip cannot reach. It lies in one page, and that page belongs to one table or index:

- entries, checkpoints, tree: verified and read whole, from the file; opening is left out, which could only complain of
  what would not be complained of otherwise;
- a read table, or an index: that one is read whole. Only where it is not what it was, `verify` has to complain, and
  it does so by comparing the read tables with the entries, and the indexes with their tables;
- anything else, first of all the header and the schema: the whole of it is done.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from soak_ground import TABLES_TOO, must
from soak_memory import KeptReader, lending

from store import projections
from store.errors import QuarterdeckError
from store.ledger import Ledger
from store.ledger.indexes import index_problems
from store.ledger.rows import Search
from store.ledger.signers import Signers
from store.services.audit.verifying import Scope, verify_workspace
from store.services.context import Context
from store.services.policy.book import Book
from store.workspace import open_workspace

Said = tuple[str, object]
"""("good", everything that is told) or ("error", what is complained of)."""
_NO_TABLES = Scope(archive=False, tables=False)
_VERIFIED = frozenset({"entry", "checkpoint", "node"})
Questions = tuple[tuple[str, tuple[object, ...]], ...]
"""SQL and its values."""


class Judge:
    """Judges the ledger of one workspace, which was whole when this was made."""

    def __init__(self, root: Path) -> None:
        """Learn the truth from the whole ledger."""
        self._root = root
        self._reader = KeptReader()
        space = open_workspace(root)
        self._context = space.context
        self._page, self._trees = trees(space.context.ledger.path)
        self._readable = readable(space.context.ledger.path)
        self._truth = self.as_a_start_does()
        must(self._truth[0] == "good", f"the whole ledger is not good: {self._truth}")
        self._answers = {name: self._ask(self._context, all_of_it) for name, all_of_it in self._readable.items()}
        space.close()
        must(self._of_entries() == self._truth, "two ways to judge the whole ledger differ")

    def is_right(self, said: Said) -> bool:
        """Whether what was said is an error, or the truth."""
        return said[0] == "error" or said == self._truth

    def of_byte(self, at: int) -> Said:
        """Judge a flip at this place of the file."""
        tree = self._trees.get(at // self._page, "")
        if tree in self._readable:
            return self._of_tree(tree)
        return self._of_entries() if tree in _VERIFIED else self.as_a_start_does()

    def as_a_start_does(self) -> Said:
        """Open the workspace, verify it whole, read everything."""
        self._reader.close()
        try:
            space = open_workspace(self._root)
        except QuarterdeckError as error:
            return "error", str(error)
        try:
            ledger = space.context.ledger
            if not ledger.writable:
                return "error", ledger.read_only_reason
            report = verify_workspace(space.context, scope=TABLES_TOO)
            if not report.ok:
                return "error", str(report.problems[:1] or report.verdict)
            return "good", self._told(space.context)
        except QuarterdeckError as error:
            return "error", str(error)
        finally:
            space.close()

    def _of_entries(self) -> Said:
        with lending(self._reader):
            context = self._anew()
            try:
                report = verify_workspace(context, scope=_NO_TABLES)
                if not report.ok:
                    return "error", str(report.problems[:1] or report.verdict)
                told = "good", self._told(context)
                if told == self._truth:
                    return told
                report = verify_workspace(context, scope=TABLES_TOO)
                return told if report.ok else ("error", str(report.problems[:1]))
            except QuarterdeckError as error:
                return "error", str(error)
            finally:
                context.ledger.close()

    def _of_tree(self, name: str) -> Said:
        with lending(self._reader):
            context = self._anew()
            ledger = context.ledger
            try:
                answers = self._ask(context, self._readable[name])
                if answers == self._answers[name]:
                    return self._truth
                with ledger.reading() as connection:
                    complaints = projections.differences(connection, ledger.entries()) or index_problems(ledger.path)
                return ("error", complaints) if complaints else ("good", answers)
            except QuarterdeckError as error:
                return "error", str(error)
            finally:
                ledger.close()

    def _anew(self) -> Context:
        """Return the context of a ledger of which nothing is known yet, and of which every page will be read again."""
        self._reader.forget()
        old = self._context.ledger
        ledger = Ledger(
            old.path, clock=old.clock, heads=old.heads, signers=Signers(None), verifier=old.verifier, origin=old.origin
        )
        return replace(self._context, ledger=ledger, policies=Book(ledger))

    def _told(self, context: Context) -> object:
        ledger = context.ledger
        entries = [(entry.seq, entry.body, entry.hash) for entry in ledger.entries()]
        by_kind = list(ledger.numbers(Search(kinds=["artifact.ingested"])))
        about = [entry.seq for entry in ledger.entries(on={"project": "project-1"})]
        notes = self._ask(context, (("SELECT size, note FROM checkpoint ORDER BY size", ()),))
        return ledger.head(), ledger.checkpoint(), notes, entries, by_kind, about

    def _ask(self, context: Context, questions: Questions) -> list[list[tuple[object, ...]]]:
        with context.ledger.reading() as connection:
            return [connection.execute(sql, values).fetchall() for sql, values in questions]


def trees(path: Path) -> tuple[int, dict[int, str]]:
    """Return the size of a page, and page (from 0) → the table or index that it belongs to.

    Where this SQLite cannot tell, or the page is nobody's, it is not in there.
    """
    with closing(sqlite3.connect(path)) as connection:
        (size,) = connection.execute("PRAGMA page_size").fetchone()
        try:
            found = connection.execute("SELECT pageno, name FROM dbstat").fetchall()
        except sqlite3.OperationalError:
            found = []
    return size, {number - 1: name for number, name in found}


def readable(path: Path) -> dict[str, Questions]:
    """Return read table or index → questions that need all that stands in it, and nothing from another of them."""
    found: dict[str, Questions] = {name: ((f"SELECT * FROM {name}", ()),) for name in projections.NAMES}
    with closing(sqlite3.connect(path)) as connection:
        indexes = connection.execute("SELECT name, tbl_name FROM sqlite_schema WHERE type = 'index'").fetchall()
        for name, table in indexes:
            columns = connection.execute(f"PRAGMA index_xinfo({name})").fetchall()
            if table == "entry" and name.startswith("entry_"):
                found[name] = _look_ups(connection, name, columns[0][2])
            elif table in {"entry", *projections.NAMES}:
                held = ", ".join(column or "rowid" for _, _, column, *_ in columns)
                sql = f"SELECT {held} FROM {table} INDEXED BY {name}"
                plan = connection.execute(f"EXPLAIN QUERY PLAN {sql}").fetchall()
                must("COVERING INDEX" in str(plan), f"all of {name} is not read by {sql}")
                found[name] = ((sql, ()),)
    return found


def _look_ups(connection: sqlite3.Connection, index: str, column: str) -> Questions:
    """Return the look-up of every value there is, and how many entries there are to be found.

    The columns are generated, and SQLite generates them anew instead of reading them from the index: only a look-up
    needs what stands there.
    """
    values = connection.execute(f"SELECT DISTINCT {column} FROM entry WHERE {column} IS NOT NULL").fetchall()
    look_up = f"SELECT seq FROM entry INDEXED BY {index} WHERE {column} = ? ORDER BY seq"
    count = f"SELECT count(*) FROM entry INDEXED BY {index} WHERE {column} IS NOT NULL"
    return (count, ()), *((look_up, value) for value in values)
