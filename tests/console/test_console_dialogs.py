from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import pytest
from console_scene import Host, screen_text
from frame_scene import until
from support.hostile import HOSTILE
from textual.pilot import Pilot
from textual.screen import ModalScreen
from textual.widgets import Static

from console.presentation.spans import line
from console.screen.rollback_dialog import ConfirmRollback
from console.screen.words_form import Wanted, WordsForm
from console.widgets.dialogs import Answer, Ask, Choose, Confirm, Reading
from console.widgets.diff_view import DiffView
from console.widgets.text_view import TextView


class Ticking:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


async def ask(
    dialog: ModalScreen[Any],
    act: Callable[[Pilot[None], Host], Any],
    size: tuple[int, int] = (80, 24),
    own: Mapping[str, str] = MappingProxyType({}),
) -> list[Any]:
    answers: list[Any] = []
    app = Host()
    app.set_keymap(own)
    async with app.run_test(size=size) as pilot:
        app.push_screen(dialog, answers.append)
        await pilot.pause()
        await act(pilot, app)
        await pilot.pause()
    return answers


async def test_a_held_enter_or_an_early_y_confirms_nothing() -> None:
    clock = Ticking()

    async def act(pilot: Pilot[None], app: Host) -> None:
        await pilot.press("enter", "enter", "y", "y")
        assert isinstance(app.screen, Confirm)
        clock.now += 0.5
        await pilot.press("enter")
        assert isinstance(app.screen, Confirm)
        await pilot.press("y")

    assert await ask(Confirm("orders", ["x"], verb="deploy", clock=clock), act) == [Answer(confirmed=True)]


async def test_production_asks_for_its_name_and_a_reason() -> None:
    clock = Ticking()

    async def act(pilot: Pilot[None], app: Host) -> None:
        clock.now += 1
        await pilot.press(*"pro", "enter", *"because", "enter")
        assert "locked: the name does not match   esc  cancel" in screen_text(app)
        await pilot.press("shift+tab", "d", "enter", "enter")

    dialog = Confirm("orders", ["x"], verb="roll back", environment="prod", reason="reason", clock=clock)
    assert await ask(dialog, act) == [Answer(confirmed=True, reason="because")]


async def test_escape_is_no() -> None:
    async def act(pilot: Pilot[None], app: Host) -> None:
        await pilot.press("escape")

    assert await ask(Confirm("orders", [], verb="deploy", environment="prod"), act) == [Answer(confirmed=False)]


@pytest.mark.parametrize("size", [(60, 20), (80, 24), (140, 45)])
async def test_the_question_the_fields_and_the_keys_are_all_on_the_screen(size: tuple[int, int]) -> None:
    body = DiffView()

    async def act(pilot: Pilot[None], app: Host) -> None:
        body.compare("a\nb", "a\nc", language="text")
        await pilot.pause()
        text = screen_text(app)
        for words in ("ROLL BACK", "fact 0", "+ c", "type prod to confirm", "reason", "required", "enter", "cancel"):
            assert text.count(words) == 1, words
        await pilot.press("escape")

    facts = [f"fact {i}" for i in range(20)]
    await ask(Confirm("orders", facts, verb="roll back", environment="prod", reason="reason", body=body), act, size)


async def test_one_line_is_asked_for() -> None:
    async def act(pilot: Pilot[None], app: Host) -> None:
        await pilot.press("enter")
        assert isinstance(app.screen, Ask)
        await pilot.press(*"why not", "enter")

    assert await ask(Ask("Comment"), act) == ["why not"]


async def test_one_of_several_is_chosen_by_key() -> None:
    async def act(pilot: Pilot[None], app: Host) -> None:
        await pilot.press("j", "enter")

    options = [("a", "first"), ("b", "second \x1b[2J")]
    assert await ask(Choose("Which?", options), act) == ["b"]


async def test_hostile_titles_and_facts_are_shown_as_they_are() -> None:
    async def act(pilot: Pilot[None], app: Host) -> None:
        assert all(c.isprintable() or c == "\n" for c in screen_text(app))
        await pilot.press("escape")

    for dialog in (
        Confirm(HOSTILE[0], HOSTILE, verb="deploy", environment=HOSTILE[1], reason=HOSTILE[9]),
        Ask(HOSTILE[9], facts=HOSTILE[:5], value=HOSTILE[0]),
        Choose(HOSTILE[2], [(str(i), name) for i, name in enumerate(HOSTILE)]),
        Reading(HOSTILE[3], HOSTILE, danger=True),
    ):
        assert len(await ask(dialog, act)) == 1


def cap(app: Host, words: str) -> tuple[int, int]:
    """Return where on the screen these words stand last."""
    lines = screen_text(app).split("\n")
    row = max(number for number, text in enumerate(lines) if words in text)
    return lines[row].index(words), row


async def test_a_click_on_a_keycap_or_its_words_presses_the_key_and_one_beside_them_none() -> None:
    clock = Ticking()

    async def act(pilot: Pilot[None], app: Host) -> None:
        clock.now += 1
        x, y = cap(app, " cancel")
        await pilot.click(offset=(x + len(" cancel") + 8, y))
        assert isinstance(app.screen, Confirm)
        await pilot.click(offset=cap(app, "y  deploy"))

    assert await ask(Confirm("orders", ["x"], verb="deploy", clock=clock), act) == [Answer(confirmed=True)]

    async def cancel(pilot: Pilot[None], app: Host) -> None:
        x, y = cap(app, " cancel")
        await pilot.click(offset=(x + 3, y))

    assert await ask(Confirm("orders", ["x"], verb="deploy", clock=clock), cancel) == [Answer(confirmed=False)]


async def test_a_click_on_half_a_keycap_presses_its_key() -> None:
    async def act(pilot: Pilot[None], app: Host) -> None:
        view = app.screen.query_one(TextView)
        x, y = cap(app, "j/k")
        await pilot.click(offset=(x, y))
        await pilot.click(offset=(x, y))
        await pilot.pause()
        assert view.cursor == 2
        await pilot.click(offset=(x + 2, y))
        await pilot.pause()
        assert view.cursor == 1
        await pilot.click(offset=cap(app, "esc"))

    assert await ask(Reading("Keys", [str(n) for n in range(50)]), act) == [None]


async def test_what_locks_a_question_is_no_key() -> None:
    async def act(pilot: Pilot[None], app: Host) -> None:
        await pilot.click(offset=cap(app, "still empty"))
        assert isinstance(app.screen, WordsForm)
        await pilot.click(offset=cap(app, "esc"))

    form = WordsForm(line("Form"), [Wanted(name="a", label="words")], verb="hand in")
    assert await ask(form, act, size=(100, 30)) == [None]


@pytest.mark.parametrize(("size", "room"), [((60, 20), "-short"), ((140, 45), "-roomy")])
async def test_a_question_knows_its_room_before_it_is_styled(size: tuple[int, int], room: str) -> None:
    seen: list[bool] = []

    class Body(Static):
        def on_mount(self) -> None:
            seen.append(self.screen.has_class(room))

    async def act(pilot: Pilot[None], app: Host) -> None:
        await pilot.press("escape")

    await ask(Confirm("orders", ["x"], verb="deploy", body=Body("b")), act, size=size)
    assert seen == [True]


@pytest.mark.parametrize("size", [(60, 20), (60, 40), (80, 24)])
async def test_the_keys_of_a_rollback_stand_in_one_line(size: tuple[int, int]) -> None:
    async def act(pilot: Pilot[None], app: Host) -> None:
        assert app.screen.query_one("#verdict").size.height == 1
        await pilot.press(*"prod", "enter")
        await pilot.pause()
        assert app.screen.query_one("#verdict").size.height == 1
        assert "only some" in screen_text(app) or "ctrl+o  some" in screen_text(app)
        await pilot.press(*"because")
        await pilot.pause()
        assert app.screen.query_one("#verdict").size.height == 1
        await pilot.press("escape")

    dialog = ConfirmRollback("orders", ["x"], verb="take back", environment="prod", reason="reason", some=True)
    await ask(dialog, act, size=size)


@pytest.mark.parametrize(("size", "seen"), [((80, 24), 16), ((60, 20), 13), ((140, 45), 16)])
async def test_a_question_shows_its_facts_before_it_leaves_lines_blank(size: tuple[int, int], seen: int) -> None:
    shown: list[str] = []

    async def act(pilot: Pilot[None], app: Host) -> None:
        await pilot.pause()
        shown.append(screen_text(app))

    facts = [f"fact {number}" for number in range(16)]
    await ask(Confirm("orders", facts, verb="deploy", environment="prod", reason="reason"), act, size)
    await ask(Confirm("orders", facts, verb="deploy", environment="prod"), act, size)
    assert "reason" in shown[0]
    assert "prod to confirm" in shown[1]
    assert shown[1].count("fact ") == seen


async def test_caps_name_and_press_the_keys_in_force() -> None:
    async def act(pilot: Pilot[None], app: Host) -> None:
        await until(lambda: "f5  deploy    f6  cancel" in screen_text(app))
        await pilot.click(offset=cap(app, "f6"))

    own = {"dialog.yes": "f5", "dialog.cancel": "f6,f7"}
    assert await ask(Confirm("orders", ["x"], verb="deploy"), act, own=own) == [Answer(confirmed=False)]


async def test_a_half_of_a_cap_is_the_key_in_force_of_the_list_that_binds_it() -> None:
    async def act(pilot: Pilot[None], app: Host) -> None:
        await until(lambda: "//k   scroll" in screen_text(app))
        x, y = cap(app, "//k   scroll")
        view = app.screen.query_one(TextView)
        await pilot.click(offset=(x, y))
        await until(lambda: view.cursor == 1)
        await pilot.click(offset=(x + 2, y))
        await until(lambda: view.cursor == 0)
        await pilot.press("escape")

    await ask(Reading("read", [str(number) for number in range(40)]), act, own={"list.down": "slash"})


async def test_enter_in_a_field_is_enter_whatever_opens_a_row_of_a_list() -> None:
    async def act(pilot: Pilot[None], app: Host) -> None:
        await until(lambda: "f6   cancel" in screen_text(app))
        assert "enter   done" in screen_text(app)
        await pilot.press("escape")

    own = {"list.open": "f5", "dialog.cancel": "f6,escape"}
    await ask(Ask("which one?"), act, own=own)
    table = Choose("which one?", [("a", "A")])

    async def other(pilot: Pilot[None], app: Host) -> None:
        await until(lambda: "f5   choose" in screen_text(app))
        await pilot.press("f5")

    assert await ask(table, other, own=own) == ["a"]


@pytest.mark.parametrize("size", [(60, 20), (80, 24)])
async def test_a_fact_that_wraps_goes_on_beside_its_label_and_all_of_it_is_seen(size: tuple[int, int]) -> None:
    async def act(pilot: Pilot[None], app: Host) -> None:
        for wider in (0, 7):
            await pilot.resize_terminal(size[0] + wider, size[1])
            await pilot.pause()
            shown = [found for found in screen_text(app).split("\n") if "word" in found]
            assert "why" in shown[0]
            assert len({found.index("word") for found in shown}) == 1
            assert sum(found.count("word") for found in shown) == 30
        await pilot.press("escape")

    facts = [line(("why      ", "muted"), " ".join(["word"] * 30)), "after"]
    await ask(Confirm("orders", facts, verb="deploy"), act, size)
