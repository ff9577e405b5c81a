"""What the tests of the approvals screen share: the screen alone, its review, the questions it asks."""

from __future__ import annotations

from typing import Any

from console_scene import screen_text
from screens_scene import DemoDesk, armed, pane_of, settled, until
from textual.pilot import Pilot

from console.screen import Place
from console.screens.approvals import Approvals
from console.widgets.dialogs import Confirm
from console.widgets.keyed_table import KeyedTable

LIST = Place(key="2", id="approvals", title="Approvals", factory=Approvals, subjects=("CR-",))


CHANGE = "CR-0010"


def table(pilot: Pilot[Any]) -> KeyedTable:
    return pane_of(pilot).query_one("#requests", KeyedTable)


async def review(pilot: Pilot[Any], request: str = CHANGE) -> None:
    """Open the review of one request and wait until it is drawn."""
    await settled(pilot)
    pane_of(pilot).open(request)
    await settled(pilot)


async def asked(pilot: Pilot[Any], key: str, kind: type = Confirm) -> str:
    """Press a key and return the question it asks, once it takes an answer."""
    await pilot.press(key)
    await until(pilot, lambda: isinstance(pilot.app.screen, kind))
    await armed(pilot)
    return screen_text(pilot.app)


def newest(demo: DemoDesk) -> Any:
    return next(demo.desk.context.ledger.entries(newest_first=True, limit=1)).statement
