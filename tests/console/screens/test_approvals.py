from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from approvals_scene import CHANGE, LIST, asked, newest, review, table
from console_scene import screen_text
from screens_scene import SIZES, DemoDesk, bare, said, settled, until
from support.hostile import HOSTILE
from support.tampering import unread
from textual.pilot import Pilot

from console.widgets.dialogs import Confirm
from store.domain import events as ev
from store.services.requests import approving, requests


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def test_the_list_looks_like_this(mira: DemoDesk, snap_compare: Any, size: tuple[int, int]) -> None:
    assert snap_compare(bare(mira.desk, LIST), terminal_size=size, run_before=settled)


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def test_a_review_looks_like_this(mira: DemoDesk, snap_compare: Any, size: tuple[int, int]) -> None:
    assert snap_compare(bare(mira.desk, LIST), terminal_size=size, run_before=review)


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def test_the_question_before_a_signature_looks_like_this(
    mira: DemoDesk, snap_compare: Any, size: tuple[int, int]
) -> None:
    async def ask(pilot: Pilot[Any]) -> None:
        await review(pilot)
        await asked(pilot, "a")

    assert snap_compare(bare(mira.desk, LIST), terminal_size=size, run_before=ask)


async def test_what_waits_stands_first_and_the_first_line_counts_it(mira: DemoDesk) -> None:
    async with bare(mira.desk, LIST).run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        assert table(pilot).rows[0].key == CHANGE
        assert "1 waits for you: CR-0010" in screen_text(pilot.app).split("\n")[2]


@pytest.mark.parametrize("size", [(60, 20), (80, 24), (140, 45), (200, 50)])
async def test_every_size_shows_digest_base_approvals_and_what_to_press(mira: DemoDesk, size: tuple[int, int]) -> None:
    async with bare(mira.desk, LIST).run_test(size=size) as pilot:
        await review(pilot)
        text = screen_text(pilot.app)
        digest = requests.change_of(mira.desk.context.ledger, CHANGE).digest
        for words in (digest[:6], "base is live: NO, DR-0002 has drifted", "2 needed", "a approves", "Order intake"):
            assert words in text


@pytest.mark.presses(Pane="r")
async def test_an_id_that_is_no_request_is_said_and_the_list_stays(mira: DemoDesk) -> None:
    async with bare(mira.desk, LIST).run_test(size=(80, 24)) as pilot:
        await review(pilot, "CR-9999")
        assert "there is no request CR-9999" in said(pilot)
        assert table(pilot).has_focus
        await pilot.press("r")
        await settled(pilot)
        assert said(pilot).endswith("reloaded")


async def test_the_cursor_reads_the_request_it_is_on(mira: DemoDesk) -> None:
    async with bare(mira.desk, LIST).run_test(size=(140, 45)) as pilot:
        await settled(pilot)
        while table(pilot).key != "CR-0008":
            await pilot.press("j")
        await settled(pilot)
        assert "✗ ines refused: orders hold addresses" in screen_text(pilot.app)


@pytest.mark.presses(Approvals="a")
async def test_approving_signs_the_digest_on_the_screen(mira: DemoDesk) -> None:
    async with bare(mira.desk, LIST).run_test(size=(80, 24)) as pilot:
        await review(pilot)
        question = await asked(pilot, "a")
        change = requests.change_of(mira.desk.context.ledger, CHANGE)
        fingerprint = mira.desk.me().signer.public.fingerprint
        for words in (CHANGE, change.digest[:16], " prod ", "mira", fingerprint, "1 of 1 changed component not ticked"):
            assert words in question
        entry = mira.desk.context.ledger.head().size + 1
        await pilot.press("y")
        await until(pilot, lambda: f"approved CR-0010: entry {entry}; it still needs somebody else" in said(pilot))
        await settled(pilot)
        assert (newest(mira).kind, newest(mira).data["digest"]) == ("approval.granted", change.digest)
        assert "● mira" in screen_text(pilot.app)


async def test_esc_signs_nothing(mira: DemoDesk) -> None:
    async with bare(mira.desk, LIST).run_test(size=(80, 24)) as pilot:
        await review(pilot)
        before = mira.desk.context.ledger.head().size
        await asked(pilot, "a")
        await pilot.press("escape")
        await until(pilot, lambda: "nothing was signed" in said(pilot))
        assert mira.desk.context.ledger.head().size == before


async def test_an_approval_of_what_was_edited_meanwhile_is_refused(mira: DemoDesk) -> None:
    async with bare(mira.desk, LIST).run_test(size=(140, 45)) as pilot:
        await review(pilot)
        await asked(pilot, "a")
        context, theo = mira.desk.context, mira.actor("theo")
        content = requests.change_of(context.ledger, CHANGE).content
        requests.edit(context, theo, CHANGE, content=replace(content, why="something else"))
        requests.submit(context, theo, CHANGE)
        await pilot.press("y")
        await until(pilot, lambda: "changed since you looked at it" in said(pilot))
        assert newest(mira).kind != "approval.granted"


async def test_one_person_approves_once(mira: DemoDesk) -> None:
    approving.approve(mira.desk.context, mira.actor("mira"), CHANGE)
    async with bare(mira.desk, LIST).run_test(size=(80, 24)) as pilot:
        await review(pilot)
        await pilot.press("a")
        await settled(pilot)
        assert "one person is one approval" in said(pilot)


@pytest.mark.presses(Approvals="x")
async def test_refusing_needs_a_reason(mira: DemoDesk) -> None:
    async with bare(mira.desk, LIST).run_test(size=(80, 24)) as pilot:
        await review(pilot)
        await asked(pilot, "x")
        await pilot.press("enter")
        assert isinstance(pilot.app.screen, Confirm)
        await pilot.press(*"no contract", "enter")
        await until(pilot, lambda: "refused CR-0010" in said(pilot))
        assert (newest(mira).kind, newest(mira).data["reason"]) == ("approval.refused", "no contract")


async def test_a_refusal_shows_the_key_that_signs_it(mira: DemoDesk) -> None:
    async with bare(mira.desk, LIST).run_test(size=(80, 24)) as pilot:
        await review(pilot)
        assert mira.desk.me().signer.public.fingerprint in await asked(pilot, "x")


async def test_a_requester_reads_why_somebody_else_decides(theo: DemoDesk) -> None:
    async with bare(theo.desk, LIST).run_test(size=(80, 24)) as pilot:
        await review(pilot)
        assert "not yours to approve: separation of duties" in screen_text(pilot.app)
        await pilot.press("a")
        await settled(pilot)
        assert "theo requested CR-0010 and cannot approve it" in said(pilot)


async def test_a_new_request_moves_no_cursor_onto_another_one(mira: DemoDesk) -> None:
    context, theo = mira.desk.context, mira.actor("theo")
    async with bare(mira.desk, LIST).run_test(size=(140, 45)) as pilot:
        await settled(pilot)
        assert table(pilot).key == CHANGE
        table(pilot)._table_clock = lambda: 100.0  # time stands still: rows that moved have just moved
        content = ev.RequestContent(title="Another", why="y", success="s", rollback_plan="r", risk="low")
        requests.open_request(context, theo, project="crm", environment="prod", content=content)
        requests.submit(context, theo, "CR-0012")
        await until(pilot, lambda: table(pilot).rows[0].key == "CR-0012")
        assert table(pilot).key == CHANGE
        await pilot.press("a")
        await settled(pilot)
        assert "the list has just moved" in said(pilot)


async def test_hostile_words_are_drawn_as_stand_ins(mira: DemoDesk) -> None:
    context, theo = mira.desk.context, mira.actor("theo")
    title = "".join(HOSTILE[:8])[:180]
    content = ev.RequestContent(title=title, why="\x1b[2Jwhy", success="s", rollback_plan="r", risk="low")
    with unread():
        requests.open_request(context, theo, project="crm", environment="prod", content=content)
    async with bare(mira.desk, LIST).run_test(size=(140, 45)) as pilot:
        await review(pilot, "CR-0012")
        text = screen_text(pilot.app)
        assert "\x1b" not in text
        assert "\\u{1b}" in text
        assert "hidden character" in text


async def test_y_copies_the_digest_in_a_review_and_the_id_in_the_list(mira: DemoDesk) -> None:
    async with bare(mira.desk, LIST).run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await pilot.press("y")
        await settled(pilot)
        assert f"copied  {CHANGE}" in said(pilot)
        await review(pilot)
        await pilot.press("y")
        await settled(pilot)
        assert requests.change_of(mira.desk.context.ledger, CHANGE).digest in said(pilot)
