"""Writing a request in the console: the form, its rules, and what becomes of what was typed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from screens_scene import DemoDesk, armed, bare, said, settled, until, words
from textual import events
from textual.pilot import Pilot

from console.screen import Place
from console.screen.request_form import RequestForm
from console.screens.approvals import Approvals
from console.screens.lineage import Lineage
from console.screens.triage import Triage
from console.widgets.dialogs import Choose, Confirm
from console.widgets.form_fields import FormField, Prose
from store.projections import requests as rows
from store.services.requests import requests

APPROVALS = Place(key="2", id="approvals", title="Approvals", factory=Approvals, subjects=("CR-",))
TRIAGE = Place(key="1", id="triage", title="Triage", factory=Triage)
LINEAGE = Place(key="3", id="lineage", title="Lineage", factory=Lineage, subjects=("DEP-", "CR-"))
WORDS = ("title", "why", "what", "impact", "success", "rollback_plan", "tests")


def form(pilot: Pilot[Any]) -> RequestForm:
    assert isinstance(pilot.app.screen, RequestForm), pilot.app.screen
    return pilot.app.screen


def field(pilot: Pilot[Any], name: str) -> FormField:
    return form(pilot).query_one(f"#field-{name}", FormField)


async def choose(pilot: Pilot[Any], key: str) -> None:
    """Choose by key in the dialog in front."""
    dialog = pilot.app.screen
    assert isinstance(dialog, Choose)
    await settled(pilot)
    dialog.query_one("KeyedTable").select(key)
    await pilot.press("enter")
    await until(pilot, lambda: pilot.app.screen is not dialog)
    await settled(pilot)


async def begin(pilot: Pilot[Any], kind: str = "automation-rule") -> None:
    """Open the form for orders → staging."""
    await settled(pilot)
    await pilot.press("plus")
    await until(pilot, lambda: isinstance(pilot.app.screen, Choose))
    await choose(pilot, "staging/orders")
    await choose(pilot, kind)
    await settled(pilot)


async def fill(pilot: Pilot[Any]) -> None:
    """Type a word into every field from the title on, with the keyboard only."""
    for name in WORDS:
        await pilot.press(*name.replace("_", " "), "tab")
    await settled(pilot)


@pytest.mark.parametrize("state", ["empty", "faults", "filled"])
def test_the_form_looks_like_this(snap_compare: Any, theo: DemoDesk, state: str) -> None:
    async def look(pilot: Pilot[Any]) -> None:
        await begin(pilot)
        if state == "faults":
            await pilot.press(*"Rush", "ctrl+s")
        if state == "filled":
            await fill(pilot)
        await settled(pilot)

    assert snap_compare(bare(theo.desk, APPROVALS), terminal_size=(80, 24), run_before=look)


@pytest.mark.presses(Approvals="plus", RequestForm="ctrl+s")
@pytest.mark.parametrize("size", [(60, 20), (140, 45)])
async def test_a_request_is_written_and_handed_in_with_the_keyboard_only(theo: DemoDesk, size: tuple[int, int]) -> None:
    context = theo.desk.context
    async with bare(theo.desk, APPROVALS).run_test(size=size) as pilot:
        await begin(pilot)
        assert {"title *", "why *"} <= {line.strip(" ▸✓").split("  ")[0] for line in words(pilot).split("\n")}
        before = context.ledger.head().size
        await pilot.press("ctrl+s")
        await settled(pilot)
        assert "fields to mend" in words(pilot)
        assert context.ledger.head().size == before
        await fill(pilot)
        shown = form(pilot).query("FormField Prose, FormField OneLine").last()
        assert shown.region.bottom <= size[1], "the field one types in is in view"
        await pilot.press("ctrl+s")
        await until(pilot, lambda: "handed in" in said(pilot))
        with context.ledger.reading() as connection:
            row = rows.listing(connection, limit=1)[0]
            content = rows.content(connection, row.id)
        assert (row.state, row.requester, row.environment, row.title) == ("in review", "theo", "staging", "title")
        assert content is not None
        assert (content.rollback_plan, content.template) == ("rollback plan", "automation-rule")
        assert theo.desk.drafts.read("new") is None


async def test_what_was_typed_is_offered_again_and_can_be_thrown_away(theo: DemoDesk) -> None:
    async with bare(theo.desk, APPROVALS).run_test(size=(80, 24)) as pilot:
        await begin(pilot)
        await pilot.press("escape")
        await until(pilot, lambda: "nothing was written" in said(pilot))
        await begin(pilot)
        await pilot.press(*"Rush", "tab", *"hour", "escape")
        await until(pilot, lambda: "the form offers it again" in said(pilot))
        await pilot.press("plus")
        await until(pilot, lambda: isinstance(pilot.app.screen, Choose))
        assert "Rush" in words(pilot)
        await choose(pilot, "on")
        assert (field(pilot, "title").value, field(pilot, "why").value) == ("Rush", "hour")
        await pilot.press("escape")
        await settled(pilot)
        await pilot.press("plus")
        await until(pilot, lambda: isinstance(pilot.app.screen, Choose))
        await choose(pilot, "anew")
        assert theo.desk.drafts.read("new") is None


async def test_leaving_asks_only_when_something_would_be_lost(theo: DemoDesk) -> None:
    async with bare(theo.desk, APPROVALS).run_test(size=(80, 24)) as pilot:
        await begin(pilot)
        await pilot.press("tab")
        form(pilot).focused.post_message(events.Paste("ghp_aB3dE6gH9jK2mN5pQ8sT1vW4yZ7cF0eR3tY6"))
        await settled(pilot)
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(pilot.app.screen, Confirm))
        assert "secret" in words(pilot)
        await pilot.press("escape")
        await settled(pilot)
        assert "looks like a secret" in words(pilot)
        await pilot.press("escape")
        await armed(pilot)
        await pilot.press("y")
        await until(pilot, lambda: not isinstance(pilot.app.screen, RequestForm | Confirm))


async def test_pasted_text_that_would_fool_a_reader_is_left_out(theo: DemoDesk) -> None:
    async with bare(theo.desk, APPROVALS).run_test(size=(80, 24)) as pilot:
        await begin(pilot)
        hostile = "one\x1b]52;c;ZXZpbA==\x07\u202etwo\r\nthree\x00 [bold]four[/bold]" + "x" * 100_000
        form(pilot).focused.post_message(events.Paste(hostile))
        await settled(pilot)
        await pilot.press("tab")
        form(pilot).focused.post_message(events.Paste(hostile))
        await settled(pilot)
        for name in ("title", "why"):
            text = field(pilot, name).value
            assert text.startswith("one]52;c;ZXZpbA==two")
            assert len(text) <= 20_000
            assert all(one == "\n" or one.isprintable() for one in text)
        assert "[bold]four" in field(pilot, "why").value
        assert "characters; 4000 are the most" in words(pilot)


async def test_each_undo_takes_back_a_word_and_nothing_that_was_typed_before_it(theo: DemoDesk) -> None:
    async with bare(theo.desk, APPROVALS).run_test(size=(80, 24)) as pilot:
        await begin(pilot)
        await pilot.press("tab", *"three short words")
        why = field(pilot, "why")
        assert why.value == "three short words"
        found = []
        for _ in range(3):
            await pilot.press("ctrl+z")
            found.append(why.value)
        assert found == ["three short ", "three ", ""]
        await pilot.press("ctrl+y", "ctrl+y")
        assert why.value == "three short "


async def test_another_kind_asks_for_other_fields_at_once(theo: DemoDesk) -> None:
    async with bare(theo.desk, APPROVALS).run_test(size=(80, 24)) as pilot:
        await begin(pilot, "config-tweak")
        assert "impact *" not in words(pilot)
        await pilot.press("shift+tab", "shift+tab", "right")
        await settled(pilot)
        assert field(pilot, "template").value == "new-connector"
        assert "impact *" in words(pilot)
        await pilot.press("tab", "left")
        await settled(pilot)
        assert field(pilot, "risk").value == "low"


async def test_a_draft_is_edited_and_approvals_are_said_to_become_void(theo: DemoDesk) -> None:
    context = theo.desk.context
    async with bare(theo.desk, APPROVALS).run_test(size=(140, 45)) as pilot:
        await settled(pilot)
        pilot.app.query_one(Approvals).open("CR-0010")
        await settled(pilot)
        before = requests.change_of(context.ledger, "CR-0010")
        assert before.state == "in review"
        await pilot.press("ctrl+e")
        await until(pilot, lambda: isinstance(pilot.app.screen, RequestForm))
        await settled(pilot)
        assert "approvals void" in words(pilot)
        await pilot.press("end", *" again", "ctrl+t")
        await until(pilot, lambda: "edited CR-0010" in said(pilot) or "to mend" in words(pilot))
        assert "edited CR-0010" in said(pilot)
    after = requests.change_of(context.ledger, "CR-0010")
    assert (after.state, after.content.title) == ("draft", f"{before.content.title} again")


async def test_whoever_may_not_edit_is_told_why(mira: DemoDesk) -> None:
    async with bare(mira.desk, APPROVALS).run_test(size=(140, 45)) as pilot:
        await settled(pilot)
        pilot.app.query_one(Approvals).open("CR-0007")
        await settled(pilot)
        await pilot.press("ctrl+e")
        await settled(pilot)
        assert "only a draft or a request in review can be edited" in said(pilot)


@pytest.mark.presses(Choose="escape", Frame="colon")
@pytest.mark.parametrize("place", [TRIAGE, LINEAGE])
async def test_from_other_screens_a_request_is_about_what_the_cursor_is_on(theo: DemoDesk, place: Place) -> None:
    async with bare(theo.desk, place).run_test(size=(140, 45)) as pilot:
        await settled(pilot)
        await pilot.press("plus")
        await until(pilot, lambda: isinstance(pilot.app.screen, Choose))
        assert "what kind of change" in words(pilot) or "what about" in words(pilot)
        await pilot.press("escape")
        await settled(pilot)
        await pilot.press("colon", *"write", "enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, Choose))


def test_prose_takes_no_more_than_it_may() -> None:
    prose = Prose()
    prose.given = "x" * 50_000 + "\u202e"
    assert len(prose.given) == 20_000


def test_drafts_stand_in_the_persons_own_state_folder(theo: DemoDesk, state_home: Path) -> None:
    assert str(theo.desk.drafts._folder).startswith(str(state_home))
