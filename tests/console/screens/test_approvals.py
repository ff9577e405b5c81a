from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from console_scene import screen_text
from screens_scene import SIZES, DemoDesk, armed, bare, pane_of, said, settled, until
from support.hostile import HOSTILE
from support.tampering import unread
from textual.pilot import Pilot

from console.presentation.spans import as_line, plain
from console.screen import Place
from console.screens.approvals import Approvals
from console.widgets.dialogs import Ask, Choose, Confirm
from console.widgets.diff_view import DiffView
from console.widgets.keyed_table import KeyedTable
from console.widgets.semantic_diff import SemanticDiff
from store.domain import events as ev
from store.domain.policy.reading import read_policy
from store.domain.roles import parse_grant
from store.services.delivery import deploying
from store.services.drift import drifting
from store.services.identity import people
from store.services.requests import approving, commenting, requests

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


def ready(demo: DemoDesk) -> None:
    """Answer the drift and give CR-0010 all its approvals."""
    context = demo.desk.context
    drifting.acknowledge(context, demo.actor("mira"), "DR-0002", note="the release removes it")
    for name in ("ines", "mira"):
        approving.approve(context, demo.actor(name), CHANGE)


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


async def test_code_stands_side_by_side_from_120_columns(mira: DemoDesk) -> None:
    async with bare(mira.desk, LIST).run_test(size=(120, 45)) as pilot:
        await review(pilot)
        view = pane_of(pilot).query_one(DiffView)
        assert view.is_split()
        await pilot.resize_terminal(119, 45)
        await settled(pilot)
        assert not view.is_split()


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


@pytest.mark.presses(Approvals="v")
async def test_v_ticks_a_component_off_until_the_request_is_edited(mira: DemoDesk) -> None:
    async with bare(mira.desk, LIST).run_test(size=(140, 45)) as pilot:
        await review(pilot)
        await pilot.press("v")
        await settled(pilot)
        assert "1 of 1 viewed" in screen_text(pilot.app)
        assert "✓ viewed" in screen_text(pilot.app)
        assert "not ticked" not in await asked(pilot, "a")
        await pilot.press("escape")
        content = requests.change_of(mira.desk.context.ledger, CHANGE).content
        edited = replace(content, tests="tried by hand")
        requests.edit(mira.desk.context, mira.actor("theo"), CHANGE, content=edited)
        await until(pilot, lambda: "it was edited while you looked" in screen_text(pilot.app))
        assert "0 of 1 viewed" in screen_text(pilot.app)


async def test_w_shows_what_only_moved_in_words_and_text(mira: DemoDesk) -> None:
    async with bare(mira.desk, LIST).run_test(size=(140, 45)) as pilot:
        await review(pilot)
        assert "New order.x" not in screen_text(pilot.app)
        view = pane_of(pilot).query_one(DiffView)
        blocks = len(view.diff.blocks)
        await pilot.press("w")
        await until(pilot, lambda: len(view.diff.blocks) == blocks + 1)
        assert "New order.x" in screen_text(pilot.app)


async def test_d_and_n_walk_through_the_text_and_esc_goes_back_to_the_list(mira: DemoDesk) -> None:
    async with bare(mira.desk, LIST).run_test(size=(80, 24)) as pilot:
        await review(pilot)
        await pilot.press("d", "n")
        await settled(pilot)
        assert "change 2/2" in screen_text(pilot.app)
        await pilot.press("escape")
        await settled(pilot)
        assert table(pilot).has_focus
        assert pane_of(pilot).crumbs == ()


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


async def test_n_in_the_text_goes_on_in_the_next_component_and_back_to_its_last_change(mira: DemoDesk) -> None:
    async with bare(mira.desk, LIST).run_test(size=(140, 45)) as pilot:
        await review(pilot, "CR-0001")
        words, text = pane_of(pilot).query_one(SemanticDiff), pane_of(pilot).query_one(DiffView)
        first = words.component
        await pilot.press("d")
        for _ in range(len(text.diff.blocks)):
            await pilot.press("n")
        await until(pilot, lambda: words.component != first)
        await settled(pilot)
        assert text.has_focus
        await pilot.press("N")
        await until(pilot, lambda: words.component == first)
        await settled(pilot)
        assert f"change {len(text.diff.blocks)}/{len(text.diff.blocks)}" in screen_text(pilot.app)


async def test_n_beside_the_text_goes_from_change_to_change_as_the_help_says(mira: DemoDesk) -> None:
    async with bare(mira.desk, LIST).run_test(size=(80, 24)) as pilot:
        await review(pilot)
        words = pane_of(pilot).query_one(SemanticDiff)
        assert words.has_focus
        assert "change 1/2" in screen_text(pilot.app)
        await pilot.press("n")
        await settled(pilot)
        assert "change 2/2  nodes › Tell the carrier (0a06)" in screen_text(pilot.app)
        assert words.has_focus
        await pilot.press("N")
        await settled(pilot)
        assert "change 1/2" in screen_text(pilot.app)


@pytest.mark.presses(ChangePanel="d", SemanticDiff="w")
async def test_split_and_noise_are_kept_for_the_next_time(mira: DemoDesk) -> None:
    async with bare(mira.desk, LIST).run_test(size=(140, 45)) as pilot:
        await review(pilot)
        await pilot.press("w", "d", "s")
        await settled(pilot)
        assert (mira.desk.views.text, mira.desk.views.noise) == ("unified", True)
    async with bare(mira.desk, LIST).run_test(size=(140, 45)) as pilot:
        await review(pilot)
        assert not pane_of(pilot).query_one(DiffView).is_split()
        assert "New order.x" in screen_text(pilot.app)


async def test_a_refusal_shows_the_key_that_signs_it(mira: DemoDesk) -> None:
    async with bare(mira.desk, LIST).run_test(size=(80, 24)) as pilot:
        await review(pilot)
        assert mira.desk.me().signer.public.fingerprint in await asked(pilot, "x")


async def test_deploying_says_what_is_in_the_way(mira: DemoDesk) -> None:
    async with bare(mira.desk, LIST).run_test(size=(140, 45)) as pilot:
        await review(pilot)
        await pilot.press("D")
        await settled(pilot)
        assert "not approved: 0 of 2 approvals for risk high" in said(pilot)
        assert "→ quarterdeck approve CR-0010, by ines, mira" in said(pilot)
        for name in ("ines", "mira"):
            approving.approve(mira.desk.context, mira.actor(name), CHANGE)
        await until(pilot, lambda: "cannot be deployed yet" in screen_text(pilot.app))
        await pilot.press("D")
        await settled(pilot)
        assert "has drifted: DR-0002" in said(pilot)
        assert "→ acknowledge, adopt or revert the drift first" in said(pilot)


@pytest.mark.presses(Approvals="D")
async def test_deploying_asks_for_the_environments_name_and_reads_back(mira: DemoDesk) -> None:
    ready(mira)
    async with bare(mira.desk, LIST).run_test(size=(80, 24)) as pilot:
        await review(pilot)
        assert "D deploys it to prod" in screen_text(pilot.app)
        question = await asked(pilot, "D")
        assert "type prod to confirm" in question
        await pilot.press(*"prd", "enter")
        assert isinstance(pilot.app.screen, Confirm)
        await pilot.press("backspace", "backspace", *"rod", "enter")
        await until(pilot, lambda: "verified DEP-0012: CR-0010 is live in prod" in said(pilot))
        await settled(pilot)
        assert "live in prod" in screen_text(pilot.app)


@pytest.mark.presses(Approvals="m")
async def test_promoting_opens_a_request_elsewhere_and_hands_it_in(mira: DemoDesk) -> None:
    async with bare(mira.desk, LIST).run_test(size=(140, 45)) as pilot:
        await review(pilot, "CR-0006")
        await asked(pilot, "m", Choose)
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, Confirm))
        await armed(pilot)
        await pilot.press("y")
        await until(pilot, lambda: "CR-0012 is handed in: 3 gates passed" in said(pilot))
        made = requests.change_of(mira.desk.context.ledger, "CR-0012")
        assert (made.environment, made.state) == ("dev", "in review")


async def test_only_what_is_live_is_promoted(mira: DemoDesk) -> None:
    async with bare(mira.desk, LIST).run_test(size=(140, 45)) as pilot:
        await review(pilot)
        await pilot.press("m")
        await settled(pilot)
        assert "CR-0010 is not live in prod: only a live release is promoted" in said(pilot)


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


async def test_a_removed_part_keeps_its_place_while_the_ledger_grows(mira: DemoDesk) -> None:
    async with bare(mira.desk, LIST).run_test(size=(140, 45)) as pilot:
        await review(pilot)
        await pilot.press("j", "j")
        words = pane_of(pilot).query_one(SemanticDiff)
        at = words.cursor
        approving.approve(mira.desk.context, mira.actor("ines"), CHANGE)
        await until(pilot, lambda: "● ines" in screen_text(pilot.app))
        assert words.cursor == at
        assert plain(as_line(table(pilot).rows[0].cells[5])) == "1/2"


async def test_promoting_asks_what_kind_of_change_it_is_there_where_its_own_is_not_for_that_place(
    mira: DemoDesk,
) -> None:
    ours = '[templates.ours]\ntitle = "Ours"\nenvironments = ["staging"]\n'
    mira.desk.context = context = mira.desk.context.under(read_policy({"policy.toml": ours}))
    stated = {"title": "T", "why": "w", "success": "s", "rollback_plan": "r", "what": "w", "risk": "low"}
    content = ev.RequestContent(template="ours", **stated)
    place = {"project": "orders", "environment": "staging"}
    made = requests.open_request(context, mira.actor("theo"), content=content, **place).statement.on["request"]
    requests.submit(context, mira.actor("theo"), made)
    for name in ("ines", "mira"):
        approving.approve(context, mira.actor(name), made)
    deploying.deploy(context, mira.actor("mira"), made)
    async with bare(mira.desk, LIST).run_test(size=(140, 45)) as pilot:
        await review(pilot, made)
        await asked(pilot, "m", Choose)
        await pilot.press("enter")
        await until(pilot, lambda: "ours is not for dev: what kind of change is it there?" in screen_text(pilot.app))
        await armed(pilot)
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, Confirm))
        promoted = requests.change_of(context.ledger, "CR-0013")
        assert (promoted.environment, promoted.content.template) == ("dev", "config-tweak")


async def test_a_request_whose_approval_lapsed_waits_and_a_further_approver_approves_it(mira: DemoDesk) -> None:
    context, role = mira.desk.context, parse_grant("security-approver")
    drifting.acknowledge(context, mira.actor("mira"), "DR-0002", note="the release removes it")
    people.grant(context, mira.actor("ada"), "juno", role)
    for name in ("ines", "juno"):
        approving.approve(context, mira.actor(name), CHANGE)
    assert requests.change_of(context.ledger, CHANGE).state == "approved"
    people.revoke(context, mira.actor("ada"), "juno", role, reason="left the team")
    async with bare(mira.desk, LIST).run_test(size=(200, 50)) as pilot:
        await settled(pilot)
        row = "|".join(plain(as_line(cell)) for cell in table(pilot).rows[0].cells)
        assert ("! lapsed" in row, "1/2" in row) == (True, True)
        assert "1 waits for you: CR-0010" in screen_text(pilot.app)
        await review(pilot)
        shown = screen_text(pilot.app)
        assert "● ines  ! does not count now: juno  ○ ____" in shown
        assert "an approval lapsed: waits for approval; a approves (2 of 2 then), x refuses" in shown
        await pilot.press("D")
        await settled(pilot)
        assert "not approved: 1 of 2 approvals" in said(pilot)
        await asked(pilot, "a")
        await pilot.press("y")
        await until(pilot, lambda: "all approvals are there, D deploys it" in said(pilot))
        await settled(pilot)
        assert "D deploys it to prod" in screen_text(pilot.app)
