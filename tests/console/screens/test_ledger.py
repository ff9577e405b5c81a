from __future__ import annotations

import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from console_scene import screen_text
from screens_scene import SIZES, DemoDesk, bare, open_demo, pane_of, said, settled, until
from textual.pilot import Pilot

from console.screen import Place
from console.screen.entry_dialog import EntryDialog
from console.screen.verdict_dialog import VerdictDialog
from console.screen.verification import Verification
from console.screens.ledger import Ledger
from console.screens.replay import Replay
from console.widgets.growing_table import GrowingTable
from console.widgets.keyed_table import KeyedTable
from console.widgets.text_view import Facts
from store.clock import timestamp
from store.integrity.entry import Statement
from store.ledger.report import VerificationStopped

LEDGER = Place(key="6", id="ledger", title="Ledger", factory=Ledger, subjects=("#",))
REPLAY = Place(key="5", id="replay", title="Replay", factory=Replay)
MANY = 20_000
APPEND = """
import sys
from pathlib import Path
from store.integrity.entry import Statement
from store.workspace import open_workspace
workspace = open_workspace(Path(sys.argv[1]))
with workspace.ledger.writing() as writer:
    for number in range(int(sys.argv[2])):
        writer.append(Statement(origin=workspace.ledger.origin, kind="load.noted", time="2026-11-23T14:03:00.000Z",
                                actor="system", data={"number": number}))
workspace.close()
"""


def table(pilot: Pilot[Any]) -> GrowingTable:
    return pane_of(pilot).query_one(GrowingTable)


def words(pilot: Pilot[Any], name: str) -> str:
    return str(pane_of(pilot).query_one(f"#ledger-{name}", Facts).render())


def entry_text(pilot: Pilot[Any]) -> str:
    view = pane_of(pilot).query_one("#ledger-entry")
    return "\n".join("".join(span.text for span in found) for found in view._text_lines)


def note_many(mira: DemoDesk, count: int) -> None:
    ledger = mira.desk.context.ledger
    with ledger.writing() as writer:
        for number in range(count):
            data = {"number": number, "text": "needle" if number == 77 else "hay"}
            writer.append(
                Statement(
                    origin=ledger.origin, kind="load.noted", time=timestamp(mira.clock.now()), actor="system", data=data
                )
            )


def append_elsewhere(mira: DemoDesk, count: int) -> None:
    subprocess.run([sys.executable, "-c", APPEND, str(mira.root), str(count)], check=True, timeout=60)


def tamper(root: Path, seq: int) -> None:
    """Change one byte of an entry the way somebody with the file would, leaving the triggers as they were."""
    with closing(sqlite3.connect(root / "ledger.db")) as connection:
        (trigger,) = connection.execute("SELECT sql FROM sqlite_schema WHERE name = 'entry_no_update'").fetchone()
        (body,) = connection.execute("SELECT body FROM entry WHERE seq = ?", (seq,)).fetchone()
        connection.execute("DROP TRIGGER entry_no_update")
        connection.execute("UPDATE entry SET body = ? WHERE seq = ?", (body.replace(b"2026-", b"2027-", 1), seq))
        connection.execute(trigger)
        connection.commit()


async def narrow(pilot: Pilot[Any], text: str) -> None:
    pane_of(pilot).filter_rows(text)
    await pilot.pause(0.25)
    await settled(pilot)


@pytest.fixture(scope="module")
def long_demo(demo: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("long") / "demo"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_STATE_HOME", str(folder.parent / "state"))
        opened = open_demo(demo, folder)
        note_many(opened, MANY)
        opened.desk.context.ledger.close()
    return folder


@pytest.fixture
def long(long_demo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    opened = open_demo(long_demo, tmp_path / "long")
    yield opened
    opened.desk.context.ledger.close()


@pytest.mark.parametrize("size", SIZES)
def test_the_newest_entries_look_like_this(snap_compare: Any, mira: DemoDesk, size: tuple[int, int]) -> None:
    async def move(pilot: Pilot[Any]) -> None:
        await settled(pilot)
        await pilot.press("j", "j", "j", "j", "j")
        await pilot.pause(0.2)
        await settled(pilot)

    assert snap_compare(bare(mira.desk, LEDGER), terminal_size=size, run_before=move)


@pytest.mark.parametrize("size", SIZES)
def test_a_narrowed_list_looks_like_this(snap_compare: Any, mira: DemoDesk, size: tuple[int, int]) -> None:
    async def ask(pilot: Pilot[Any]) -> None:
        await settled(pilot)
        await narrow(pilot, "kind:approval,incident env:prod")
        await pilot.pause(0.2)
        await settled(pilot)

    assert snap_compare(bare(mira.desk, LEDGER), terminal_size=size, run_before=ask)


@pytest.mark.parametrize("size", SIZES)
def test_an_entry_and_what_vouches_for_it_look_like_this(
    snap_compare: Any, mira: DemoDesk, size: tuple[int, int]
) -> None:
    async def open_entry(pilot: Pilot[Any]) -> None:
        await settled(pilot)
        pane_of(pilot).open("#130")
        await settled(pilot)
        await pilot.press("e")
        await until(pilot, lambda: isinstance(pilot.app.screen, EntryDialog))
        await pilot.pause()

    assert snap_compare(bare(mira.desk, LEDGER), terminal_size=size, run_before=open_entry)


async def test_a_long_ledger_opens_without_being_loaded(long: DemoDesk) -> None:
    async with bare(long.desk, LEDGER).run_test(size=(140, 45)) as pilot:
        await settled(pilot)
        size = long.desk.context.ledger.head().size
        assert table(pilot).total == size > MANY
        assert table(pilot).key == str(size)
        assert len(table(pilot)._virtual_rows) < 1_000
        await pilot.press("G")
        await settled(pilot)
        assert table(pilot).key == "1"
        assert len(table(pilot)._virtual_rows) < 2_000
        pane_of(pilot).open("#10000")
        await settled(pilot)
        assert table(pilot).key == "10000"


async def test_what_another_process_appends_arrives_by_itself_and_the_cursor_stays(mira: DemoDesk) -> None:
    async with bare(mira.desk, LEDGER).run_test(size=(140, 45)) as pilot:
        await settled(pilot)
        size = table(pilot).total
        await pilot.press("j", "j")
        held = table(pilot).key
        append_elsewhere(mira, 1)
        await until(pilot, lambda: table(pilot).total == size + 1)
        await settled(pilot)
        assert table(pilot).key == held == str(size - 2)
        assert table(pilot).scroll_offset.y == 0  # the window stays at the top: the new one is seen
        append_elsewhere(mira, 300)
        await until(pilot, lambda: table(pilot).total == size + 301)
        await settled(pilot)
        assert table(pilot).key == held
        assert "new above" in words(pilot, "query")
        await pilot.press("g")
        await settled(pilot)
        assert table(pilot).key == str(size + 301)
        assert "new above" not in words(pilot, "query")


async def test_the_newest_entry_keeps_the_cursor_when_a_newer_one_comes(mira: DemoDesk) -> None:
    async with bare(mira.desk, LEDGER).run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        held = table(pilot).key
        append_elsewhere(mira, 2)
        await until(pilot, lambda: table(pilot).total == int(held or 0) + 2)
        await settled(pilot)
        assert table(pilot).key == held
        assert held is not None
        assert f"#{held}" in entry_text(pilot)


async def test_typing_narrows_and_esc_shows_all_again(mira: DemoDesk) -> None:
    async with bare(mira.desk, LEDGER).run_test(size=(140, 45)) as pilot:
        await settled(pilot)
        size = table(pilot).total
        await pilot.press("slash", *"actor", "colon", *"theo")
        await pilot.pause(0.3)
        await settled(pilot)
        assert 0 < table(pilot).total < size
        await pilot.press("enter")
        assert f"/ actor:theo   {table(pilot).total} of {size}" in words(pilot, "query")
        await pilot.press("escape")
        await settled(pilot)
        assert table(pilot).total == size


async def test_a_mistyped_query_says_what_there_is_and_leaves_the_list(mira: DemoDesk) -> None:
    async with bare(mira.desk, LEDGER).run_test(size=(140, 45)) as pilot:
        await settled(pilot)
        size = table(pilot).total
        await narrow(pilot, "colour:red")
        assert "no field is called colour" in words(pilot, "query")
        assert table(pilot).total == size


async def test_a_search_finds_one_entry_among_many_and_new_matches_join_it(long: DemoDesk) -> None:
    async with bare(long.desk, LEDGER).run_test(size=(140, 45)) as pilot:
        await settled(pilot)
        await narrow(pilot, "needle")
        assert table(pilot).total == 1
        assert "1 of 20,1" in words(pilot, "query")
        note_many(long, 100)
        await until(pilot, lambda: table(pilot).total == 2)
        await settled(pilot)
        assert table(pilot).key != str(long.desk.context.ledger.head().size)


async def test_nothing_found_says_so(mira: DemoDesk) -> None:
    async with bare(mira.desk, LEDGER).run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await narrow(pilot, '"no such words"')
        assert table(pilot).total == 0
        assert table(pilot).empty == "no entry matches; `esc` shows all"
        await pilot.press("e")
        await pilot.pause()
        assert "no entry is under the cursor" in said(pilot)


@pytest.mark.presses(Ledger="y")
async def test_copying_copies_the_whole_hash(mira: DemoDesk) -> None:
    async with bare(mira.desk, LEDGER).run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await pilot.press("j", "y")
        await pilot.pause()
        assert pilot.app.clipboard == mira.desk.context.ledger.entry(int(table(pilot).key or 0)).hash.hex()


async def test_the_entry_dialog_walks_the_chain_and_copies(mira: DemoDesk) -> None:
    async with bare(mira.desk, LEDGER).run_test(size=(100, 40)) as pilot:
        await settled(pilot)
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, EntryDialog))
        size = mira.desk.context.ledger.head().size
        await pilot.press("right", "left", "left", "y")  # there is nothing after the newest
        await pilot.pause()
        assert pilot.app.clipboard == mira.desk.context.ledger.entry(size - 2).hash.hex()
        await until(pilot, lambda: "(by OSC 52" in screen_text(pilot.app))
        await pilot.press("escape")
        await pilot.pause()
        assert table(pilot).key == str(size)


async def test_time_travel_goes_to_the_entry_in_replay(mira: DemoDesk) -> None:
    async with bare(mira.desk, LEDGER, REPLAY).run_test(size=(140, 45)) as pilot:
        await settled(pilot)
        pane_of(pilot).open("#74")
        await settled(pilot)
        await pilot.press("t")
        await until(pilot, lambda: pane_of(pilot).id == "replay")
        await settled(pilot)
        assert "#74 of" in str(pane_of(pilot).query_one("#replay-banner", Facts).render())


async def test_verifying_says_the_verdict_and_against_what(mira: DemoDesk) -> None:
    async with bare(mira.desk, LEDGER).run_test(size=(140, 45)) as pilot:
        await settled(pilot)
        assert "not verified" in words(pilot, "verdict")
        await pilot.press("V")
        await settled(pilot)
        assert "✓ ANCHORED" in words(pilot, "verdict")
        assert "agrees with the kept head of" in words(pilot, "verdict")
        assert mira.desk.chain == "verified"
        await pilot.press("p")
        await pilot.pause()
        assert "no verification found a problem" in said(pilot)


@pytest.mark.presses(Ledger="V p")
async def test_a_changed_byte_is_found_shown_and_gone_to(mira: DemoDesk) -> None:
    tamper(mira.root, 100)
    async with bare(mira.desk, LEDGER).run_test(size=(140, 45)) as pilot:
        await settled(pilot)
        await pilot.press("V")
        await until(pilot, lambda: isinstance(pilot.app.screen, VerdictDialog))
        rows = pilot.app.screen.query_one(KeyedTable).rows
        assert any(row.cells[0] == "#100" for row in rows)
        assert mira.desk.chain == "invalid"
        assert (rows[0].cells[0], rows[0].cells[1]) == ("#100", "hash")  # the cause first, then what follows from it
        await pilot.press("enter")
        await settled(pilot)
        await pilot.pause(0.2)
        await settled(pilot)
        assert table(pilot).key == "100"  # a damaged entry hides none of its neighbours
        assert "DOES NOT CHECK" in entry_text(pilot)
        assert "✗ INVALID" in words(pilot, "verdict")
        await pilot.press("p")
        await until(pilot, lambda: isinstance(pilot.app.screen, VerdictDialog))


async def test_a_stopped_verification_has_no_verdict(long: DemoDesk) -> None:
    async with bare(long.desk, LEDGER).run_test(size=(140, 45)) as pilot:
        await settled(pilot)
        pane = pane_of(pilot)
        assert isinstance(pane, Ledger)
        await pilot.press("V", "escape")
        await settled(pilot)
        if pane._verification.report is None:  # else this machine was faster than the key
            await until(pilot, lambda: "there is no verdict" in said(pilot))
            assert "ANCHORED" not in words(pilot, "verdict")


async def test_a_stopped_verification_gives_no_verdict(long: DemoDesk) -> None:
    import asyncio

    verification = Verification(long.desk)
    running = asyncio.ensure_future(verification.run(MANY))
    await asyncio.sleep(0)
    assert verification.running
    verification.stop()
    with pytest.raises(VerificationStopped, match="no verdict"):
        await running
    assert verification.report is None
    assert not verification.running
    assert long.desk.chain == "unknown"


@pytest.mark.presses(Ledger="e t")
@pytest.mark.parametrize(
    "text", ["\x1b[2J\x1b]52;c;eA==\x07", "[/] [@click=app.quit]x[/] [bold", "\u202eevil\u2066", "a\nb\tc"]
)
async def test_hostile_words_are_shown_not_obeyed(mira: DemoDesk, text: str) -> None:
    ledger = mira.desk.context.ledger
    with ledger.writing() as writer:
        writer.append(
            Statement(
                origin=ledger.origin,
                kind="load.noted",
                time=timestamp(mira.clock.now()),
                actor=text,
                on={"project": text, "environment": text, "odd": text},
                data={"text": text},
            )
        )
    async with bare(mira.desk, LEDGER, REPLAY).run_test(size=(140, 45)) as pilot:
        await settled(pilot)
        shown = text.encode("unicode_escape").decode()[:2]
        assert shown[0] in entry_text(pilot)
        assert not set("\x1b\u202e\u2066\x07\t") & set(entry_text(pilot))
        await pilot.press("e")
        await until(pilot, lambda: isinstance(pilot.app.screen, EntryDialog))
        await pilot.press("escape", "t")
        await until(pilot, lambda: pane_of(pilot).id == "replay")
        await settled(pilot)
        assert not set("\x1b\u202e\u2066\x07") & set(pilot.app.export_screenshot())


async def test_an_entry_that_is_not_there_is_said(mira: DemoDesk) -> None:
    async with bare(mira.desk, LEDGER).run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        pane_of(pilot).open("#999999")
        await pilot.pause()
        assert "there is no entry 999,999" in said(pilot)
        pane_of(pilot).open("CR-0005")
        await pilot.pause(0.3)
        await settled(pilot)
        assert "/ subject:CR-0005" in words(pilot, "query")
