from __future__ import annotations

from dataclasses import replace

import pytest
from approvals_scene import CHANGE, LIST, asked, newest, review
from console_scene import screen_text
from screens_scene import DemoDesk, bare, pane_of, said, settled, until
from support.hostile import HOSTILE

from console.widgets.dialogs import Ask
from console.widgets.semantic_diff import SemanticDiff
from store.services.requests import commenting, requests


@pytest.mark.presses(Approvals="c")
async def test_c_in_the_list_comments_on_the_request_as_a_whole(mira: DemoDesk) -> None:
    async with bare(mira.desk, LIST).run_test(size=(140, 45)) as pilot:
        await settled(pilot)
        await asked(pilot, "c", Ask)
        await pilot.press(*"why POST?", "enter")
        await until(pilot, lambda: "noted on CR-0010" in said(pilot))
        await settled(pilot)
        assert newest(mira).data["note"] == "why POST?"
        pane_of(pilot).query_one("#facts-scroll").scroll_end(animate=False)
        await settled(pilot)
        assert "why POST?" in screen_text(pilot.app)


async def test_c_in_a_review_comments_on_the_component_and_it_stands_under_it(mira: DemoDesk) -> None:
    async with bare(mira.desk, LIST).run_test(size=(140, 45)) as pilot:
        await review(pilot)
        question = await asked(pilot, "c", Ask)
        assert "Comment on Order intake" in question
        assert "theo, who requested it" in question
        await pilot.press(*"why POST?", "enter")
        await until(pilot, lambda: "commented on Order intake" in said(pilot))
        await settled(pilot)
        change = requests.change_of(mira.desk.context.ledger, CHANGE)
        assert (newest(mira).kind, newest(mira).data["digest"]) == ("request.commented", change.digest)
        text = screen_text(pilot.app)
        for words in ("○ mira just now: why POST?", "2 comments, 2 open", "2 comments ○ 2 open"):
            assert words in text
        assert "2 comments not settled (by ines, mira)" in await asked(pilot, "a")


@pytest.mark.presses(Approvals="C", SemanticDiff="comma full_stop")
async def test_point_and_comma_walk_the_comments_and_capital_c_settles_one(mira: DemoDesk) -> None:
    context = mira.desk.context
    commenting.comment(context, mira.actor("ines"), CHANGE, "Order intake", "why POST?")
    content = requests.change_of(context.ledger, CHANGE).content
    requests.edit(context, mira.actor("theo"), CHANGE, content=replace(content, why="better"))
    requests.submit(context, mira.actor("theo"), CHANGE)
    commenting.comment(context, mira.actor("theo"), CHANGE, "Refunds", "not touched on purpose")
    async with bare(mira.desk, LIST).run_test(size=(140, 45)) as pilot:
        await review(pilot)
        words = pane_of(pilot).query_one(SemanticDiff)
        assert "earlier revision, this part is unchanged: ines" in screen_text(pilot.app)
        await pilot.press("full_stop")
        assert words.name_of(words.component or "") == "Refunds"
        await pilot.press("C")
        assert "put the cursor on a comment" in said(pilot)
        await pilot.press("comma", "j")
        await settled(pilot)
        await asked(pilot, "C", Ask)
        await pilot.press(*"idempotent", "enter")
        await until(pilot, lambda: "on Order intake: entry" in said(pilot))
        await settled(pilot)
        assert "settled by mira: idempotent" in screen_text(pilot.app)
        assert "3 comments, 2 open" in screen_text(pilot.app)
        await pilot.press("C")
        assert "mira settled it already" in said(pilot)


async def test_who_requested_it_cannot_settle_what_was_said_about_it(theo: DemoDesk) -> None:
    commenting.comment(theo.desk.context, theo.actor("ines"), CHANGE, "Order intake", "why POST?")
    async with bare(theo.desk, LIST).run_test(size=(140, 45)) as pilot:
        await review(pilot)
        await pilot.press("j", "C")
        assert "not yours to settle" in said(pilot)
        assert "ines settles it" in said(pilot)


async def test_a_hostile_comment_draws_as_text(mira: DemoDesk) -> None:
    words = (
        "\n".join(name[:120] for name in HOSTILE).encode("utf-8", "ignore").decode()
    )  # an entry takes no lone surrogate
    commenting.comment(mira.desk.context, mira.actor("ines"), CHANGE, "Order intake", words)
    async with bare(mira.desk, LIST).run_test(size=(140, 45)) as pilot:
        await review(pilot)
        assert "2 comments, 2 open" in screen_text(pilot.app)
        assert "\x1b" not in screen_text(pilot.app)
