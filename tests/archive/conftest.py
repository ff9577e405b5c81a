from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from store import archive


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    """A real database file holding an empty archive, in autocommit."""
    opened = sqlite3.connect(tmp_path / "archive.db", isolation_level=None)
    opened.execute("PRAGMA recursive_triggers = ON")
    opened.execute("PRAGMA trusted_schema = OFF")
    for statement in archive.TABLES:
        opened.execute(statement)
    yield opened
    opened.close()
