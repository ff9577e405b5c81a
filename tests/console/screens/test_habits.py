"""What holds on every screen: keys, commands, help, colours, and being found again where one left off."""

from __future__ import annotations

import threading
from contextlib import suppress
from pathlib import Path

import pytest
from console_scene import screen_text
from screens_scene import DemoDesk, frame_of, pane_of, said, settled, until
from textual.screen import ModalScreen

from console.app import Console
from console.key_table import key_table
from console.personal.memory import LeftOff
from console.places import SCREENS
from console.screen import frame as frame_module
from console.screen.commands import COMMANDS
from console.screen.keys import CAREFUL
from console.screen.palette import Going
from console.screen.place import AtVisit
from console.widgets.dialogs import Reading
from console.widgets.filter_bar import FilterBar
from console.widgets.keyed_table import KeyedTable
from store.services import incidents
from store.services.delivery import environments

LEAVES = {"app.quit", "dialog.no", "dialog.yes", "dialog.cancel"}
PLACES = [place.id for place in SCREENS]
QUIET = {"look.reload", "look.copy"}


@pytest.mark.parametrize("place", PLACES)
async def test_every_key_acts_or_says_why_not(mira: DemoDesk, place: str) -> None:
    """Every act and look of the keymap on every screen: a dialog, another screen, something said, or not bound here."""
    console = Console(mira.desk, palette="truecolor", start=LeftOff(place=place))
    before = mira.desk.context.ledger.head().size
    async with console.run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        for row in key_table():
            kind = row.id.partition(".")[0]
            if row.id in LEAVES or kind not in {"act", "look"}:
                continue
            bound = {active.binding.id: active.binding for active in pilot.app.screen.active_bindings.values()}
            shown, key = screen_text(pilot.app), row.keys.split(",")[0]
            owner = pilot.app.screen.active_bindings.get(key)
            await pilot.press(key)
            await settled(pilot)
            acted = isinstance(pilot.app.screen, ModalScreen) or bool(said(pilot)) or screen_text(pilot.app) != shown
            if row.id in bound and owner is not None and owner.binding.id == row.id:
                assert acted, f"{row.id} on {place} neither acted nor said why not"
            while isinstance(pilot.app.screen, ModalScreen):
                await pilot.press("escape")
                await settled(pilot)
            frame = frame_of(pilot)
            if pane_of(pilot).id != place:
                await frame.go_to(place)
            await frame.action_back()
            await settled(pilot)
    assert mira.desk.context.ledger.head().size == before, "a key alone changed the ledger"


@pytest.mark.parametrize("place", PLACES)
async def test_moving_keys_never_break_a_screen(mira: DemoDesk, place: str) -> None:
    async with Console(mira.desk, palette="truecolor", start=LeftOff(place=place)).run_test(size=(60, 20)) as pilot:
        await settled(pilot)
        for row in key_table():
            if row.id.partition(".")[0] in {"list", "diff", "time"}:
                await pilot.press(*row.keys.split(","))
        while isinstance(pilot.app.screen, ModalScreen):
            await pilot.press("escape")
        await settled(pilot)
        assert frame_of(pilot).pane is not None


async def test_enter_and_ctrl_letters_never_approve_or_roll_back(mira: DemoDesk) -> None:
    ids = {row.id: row.keys for row in key_table()}
    assert all("ctrl" not in ids[name] and "enter" not in ids[name] for name in CAREFUL)


async def test_help_says_what_cannot_be_done_and_what_would_unblock_it(stranger: DemoDesk) -> None:
    async with Console(stranger.desk, palette="truecolor").run_test(size=(140, 45)) as pilot:
        await settled(pilot)
        await pilot.press("question_mark")
        await settled(pilot)
        text = screen_text(pilot.app)
        assert "Approve (not now)" in text
        assert "read only: " in text


async def test_the_palette_holds_every_act_and_says_why_one_is_closed(stranger: DemoDesk) -> None:
    async with Console(stranger.desk, palette="truecolor").run_test(size=(140, 45)) as pilot:
        await settled(pilot)
        found = {words: text for words, text, _ in Going(pilot.app.screen)._found()}
        assert found["Approve"].startswith("not now: read only")
        assert {"Triage", "Roll back", "Copy", ":undo", ":tour", "Theme contrast"} <= set(found)


async def test_commands_take_arguments(mira: DemoDesk) -> None:
    async with Console(mira.desk, palette="truecolor").run_test(size=(140, 45)) as pilot:
        await settled(pilot)
        frame = frame_of(pilot)
        for text, place in (
            ("open DR-0002", "drift"),
            ("prod@CR-0003", "replay"),
            ("INC-0001@-30m", "replay"),
            ("drift", "drift"),
            ("approve CR-0010", "approvals"),
            ("#7", "ledger"),
        ):
            await frame.run_command(text)
            await settled(pilot)
            assert pane_of(pilot).id == place, text
        await frame.run_command("theme contrast")
        assert pilot.app.theme == "quarterdeck-contrast"
        await frame.run_command("theme purple")
        assert "themes: auto, contrast, plain" in said(pilot)
        await frame.run_command("theme")
        assert ":theme NAME" in said(pilot)
        await frame.run_command("deploy")
        assert "deploy is nothing that this screen does" in said(pilot)
        for name in COMMANDS:
            assert name in frame.query_one(FilterBar)._bar_commands


async def test_an_environment_at_an_instant_has_the_cursor(mira: DemoDesk) -> None:
    start = LeftOff(place="replay", subject="staging@CR-0003")
    async with Console(mira.desk, palette="truecolor", start=start).run_test(size=(140, 45)) as pilot:
        await settled(pilot)
        keys = [table.key for table in pane_of(pilot).query(KeyedTable)]
        assert any(key is not None and key.startswith("staging/") for key in keys)
        await until(pilot, lambda: "PAST" in screen_text(pilot.app))


@pytest.mark.parametrize(
    ("place", "subject"),
    [("drift", "DR-0001"), ("approvals", "CR-0003"), ("lineage", "DEP-0003"), ("ledger", "#7"), ("replay", "20")],
)
async def test_where_one_left_off_is_where_one_begins(mira: DemoDesk, place: str, subject: str) -> None:
    begun = Console(mira.desk, palette="truecolor", start=LeftOff(place=place, subject=subject))
    async with begun.run_test(size=(140, 45)) as pilot:
        await settled(pilot)
        pilot.app.exit()
    assert (begun.left_off.place, begun.left_off.subject) == (place, subject)


async def test_a_filter_is_kept_and_esc_empties_it(mira: DemoDesk) -> None:
    begun = Console(mira.desk, palette="truecolor", start=LeftOff(place="connectors", filter="zzz"))
    async with begun.run_test(size=(140, 45)) as pilot:
        await settled(pilot)
        assert begun.left_off == LeftOff()
        assert frame_of(pilot).left_off().filter == "zzz"
        await pilot.press("escape")
        assert frame_of(pilot).left_off().filter == ""


async def test_a_memory_of_what_is_gone_is_no_trouble(mira: DemoDesk) -> None:
    for place, subject in (("gone", "x"), ("drift", "DR-9999"), ("approvals", "CR-9999"), ("replay", "no time")):
        start = LeftOff(place=place, subject=subject, filter="\x1b[2J")
        async with Console(mira.desk, palette="truecolor", start=start).run_test(size=(80, 24)) as pilot:
            await settled(pilot)
            assert frame_of(pilot).pane is not None


async def test_the_tour_is_one_page_that_esc_skips(mira: DemoDesk) -> None:
    console = Console(mira.desk, palette="truecolor")
    seen: list[str] = []
    console.greet(toured=lambda: seen.append("the tour"), notes=["over ssh: ssh -C"])
    async with console.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        assert isinstance(pilot.app.screen, Reading)
        assert "takes back what you did last" in screen_text(pilot.app)
        assert seen == ["the tour"], "remembered at once: a console may be killed"
        await pilot.press("escape")
        await settled(pilot)
        assert "over ssh: ssh -C" in said(pilot)


@pytest.mark.presses(Frame="Z")
async def test_production_is_thawed_again_only_by_typing_its_name(mira: DemoDesk) -> None:
    context = mira.desk.context
    environments.freeze(context, mira.actor("mira"), "prod", reason="slip")
    async with Console(mira.desk, palette="truecolor").run_test(size=(140, 45)) as pilot:
        await settled(pilot)
        await pilot.press("Z")
        await settled(pilot)
        assert "prod takes deployments again" in screen_text(pilot.app)
        await pilot.pause(0.45)
        await pilot.press(*"prod", "enter", *"slip", "enter")
        await settled(pilot)
        assert "taken back: prod takes deployments again" in said(pilot)
    assert environments.one(context.ledger, "prod").frozen is None


async def test_undo_says_when_there_is_nothing_it_can_take_back(mira: DemoDesk) -> None:
    incidents.annotate(mira.desk.context, mira.actor("mira"), "CR-0010", "looked at it")
    async with Console(mira.desk, palette="truecolor").run_test(size=(140, 45)) as pilot:
        await settled(pilot)
        await pilot.press("Z")
        await settled(pilot)
        assert "cannot be taken back" in said(pilot)
        assert "→ add another note" in said(pilot)


async def test_undo_needs_somebody_with_a_key(stranger: DemoDesk) -> None:
    async with Console(stranger.desk, palette="truecolor").run_test(size=(140, 45)) as pilot:
        await settled(pilot)
        await pilot.press("Z")
        await settled(pilot)
        assert "read only" in said(pilot)


@pytest.mark.parametrize("place", PLACES)
async def test_no_meaning_is_carried_by_colour_alone(mira: DemoDesk, place: str) -> None:
    """Without any colour a screen says the same: the words are the same, and no escape sets one."""
    texts = []
    for palette in ("truecolor", "plain"):
        console = Console(mira.desk, palette=palette, start=LeftOff(place=place))
        async with console.run_test(size=(140, 45)) as pilot:
            await settled(pilot)
            texts.append(screen_text(pilot.app))
            strips = pilot.app.screen._compositor.render_strips()
            styles = []
            for strip in strips:
                segments = list(strip)
                for line_filter in pilot.app.get_line_filters():
                    segments = line_filter.apply(segments, pilot.app.screen.background_colors[1])
                styles += [segment.style for segment in segments if segment.style and segment.text.strip()]
            if palette == "plain":
                assert all(style.color is None and style.bgcolor is None for style in styles)
                assert any(style.reverse for style in styles), "the cursor and the badges must still stand out"
    assert texts[0] == texts[1]


def test_no_color_is_obeyed(mira: DemoDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    console = Console(mira.desk)
    assert console.theme == "quarterdeck-plain"
    console.action_look("contrast")
    assert console.theme == "quarterdeck-plain"
    with suppress(KeyError):
        monkeypatch.delenv("NO_COLOR")


def test_the_state_folder_is_the_persons_own(tmp_path: Path) -> None:
    from console.personal.folders import config_folder, state_folder

    home = {"XDG_STATE_HOME": str(tmp_path), "XDG_CONFIG_HOME": "relative/is/ignored"}
    assert state_folder(home) == tmp_path / "quarterdeck"
    assert config_folder(home) == Path.home() / ".config" / "quarterdeck"


@pytest.mark.parametrize("place", PLACES)
async def test_nobody_is_told_that_all_is_well_before_anything_was_read(
    mira: DemoDesk, place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = threading.Event()
    pane = next(one.factory.pane for one in SCREENS if one.id == place and isinstance(one.factory, AtVisit))
    load = pane.load
    monkeypatch.setattr(pane, "load", lambda self: (read.wait(60), load(self))[1])
    monkeypatch.setattr(frame_module, "FIRST_PAINT_SECONDS", 0.01)
    async with Console(mira.desk, palette="truecolor", start=LeftOff(place=place)).run_test(size=(140, 45)) as pilot:
        try:
            await pilot.resize_terminal(120, 40)
            await pilot.pause(0.1)
            below = "\n".join(screen_text(pilot.app).split("\n")[2:-1])
            assert [words for words in ("✓", "nothing", "no request", "never") if words in below] == []
        finally:
            read.set()
        await settled(pilot)
