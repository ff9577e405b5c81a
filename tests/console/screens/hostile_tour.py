"""Run inside a real pseudo-terminal: goes through every screen and presses everything, in a hostile workspace.

`python hostile_tour.py FOLDER NOTES`: the workspace of `matrix_scene` to look at, and where to write which screens
and dialogs were drawn. The driver is the one that a person's terminal has; only the keys come from here.
"""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

TESTS = Path(__file__).parents[2]
sys.path[:0] = [str(TESTS), str(TESTS / "console"), str(TESTS / "console" / "screens"), str(TESTS.parent)]

import matrix_scene
from screens_scene import frame_of, pane_of, settled
from textual.pilot import Pilot
from textual.screen import ModalScreen

from console.app import Console
from console.key_table import key_table
from console.places import SCREENS

QUIET = {"app.quit", "look.reload", "act.undo"}
"""Keys that draw nothing of their own."""
SUBJECTS = {"lineage": ("CR-0001", "DEP-0001", "DR-0001", "INC-0001"), "approvals": ("CR-0021",), "ledger": ("#317",)}


async def walk(pilot: Pilot[Any], notes: dict[str, list[str]]) -> None:
    """Go to every screen and into its subjects, press every act and look once, answer no dialog."""
    await settled(pilot)
    for place in SCREENS:
        for subject in (None, *SUBJECTS.get(place.id, ())):
            await frame_of(pilot).go_to(place.id, subject)
            await settled(pilot)
        notes["places"].append(place.id)
        await pilot.press("enter")
        await settled(pilot)
        await _leave(pilot, notes)
        await _back_to(pilot, place.id)
        for row in key_table():
            if row.id.partition(".")[0] not in {"act", "look", "app"} or row.id in QUIET:
                continue
            bound = {active.binding.id for active in pilot.app.screen.active_bindings.values()}
            if row.id in bound and row.id not in notes["keys"]:
                await pilot.press(row.keys.split(",")[0])
                await settled(pilot)
                notes["keys"].append(row.id)
                await _leave(pilot, notes)
                await _back_to(pilot, place.id)
    await frame_of(pilot).go_to("triage")
    for key in ("colon", *"open ", "escape", "escape", "ctrl+p"):
        await pilot.press(key)
    await settled(pilot)


async def _back_to(pilot: Pilot[Any], place: str) -> None:
    if pane_of(pilot).id != place:
        await frame_of(pilot).go_to(place)
        await settled(pilot)


async def _leave(pilot: Pilot[Any], notes: dict[str, list[str]]) -> None:
    """Scroll through whatever was opened, then leave it."""
    for _ in range(6):
        if not isinstance(pilot.app.screen, ModalScreen):
            return
        name = type(pilot.app.screen).__name__
        if name not in notes["dialogs"]:
            notes["dialogs"].append(name)
            await pilot.press("down", "pagedown", "tab", "end")
            await pilot.pause()
        await pilot.press("escape")
        await settled(pilot)


def main(folder: Path, notes_file: Path) -> int:
    notes: dict[str, list[str]] = {"places": [], "dialogs": [], "keys": []}
    with matrix_scene.opened(folder, "hostile") as opened:
        app = Console(opened.desk)

        async def go() -> None:
            async def pilots(pilot: Pilot[Any]) -> None:
                await walk(pilot, notes)
                app.exit()

            await app.run_async(auto_pilot=pilots)

        asyncio.run(go())
    notes_file.write_text(json.dumps(notes))
    return app.return_code or 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))
