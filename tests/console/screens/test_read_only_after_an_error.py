from __future__ import annotations

import pytest
from console_scene import screen_text
from screens_scene import DemoDesk, settled

from console.app import Console
from store.errors import StorageFailure
from store.services import incidents


def open_many(mira: DemoDesk) -> None:
    for number in range(300):
        title = f"{number} {'x' * 150}"
        incidents.open_incident(mira.desk.context, mira.desk.me(), title=title, severity="low")


async def test_after_an_append_error_the_first_line_says_read_only_until_it_is_opened_again(mira: DemoDesk) -> None:
    ledger = mira.desk.context.ledger
    connection = ledger._appender._connection
    assert connection is not None
    connection.set_authorizer(None)
    (pages,) = connection.execute("PRAGMA page_count").fetchone()
    connection.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(StorageFailure, match="disk is full"):
        open_many(mira)
    assert "disk is full" in str(mira.desk.read_only)
    stored = ledger.head().size
    with pytest.raises(StorageFailure, match="nothing can be recorded"):
        open_many(mira)
    assert ledger.head().size == stored
    async with Console(mira.desk, palette="truecolor").run_test(size=(140, 45)) as pilot:
        await settled(pilot)
        assert "READ ONLY" in screen_text(pilot.app).splitlines()[0]
