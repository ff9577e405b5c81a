from __future__ import annotations

import pytest
from approvals_scene import CHANGE, LIST, asked, review, table
from console_scene import screen_text
from screens_scene import DemoDesk, armed, bare, said, settled, until

from console.presentation.spans import as_line, plain
from console.widgets.dialogs import Choose, Confirm
from store.domain import events as ev
from store.domain.policy.reading import read_policy
from store.domain.roles import parse_grant
from store.services.delivery import deploying
from store.services.drift import drifting
from store.services.identity import people
from store.services.requests import approving, requests


def ready(demo: DemoDesk) -> None:
    """Answer the drift and give CR-0010 all its approvals."""
    context = demo.desk.context
    drifting.acknowledge(context, demo.actor("mira"), "DR-0002", note="the release removes it")
    for name in ("ines", "mira"):
        approving.approve(context, demo.actor(name), CHANGE)


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
        assert "approvals are missing again: waits for approval; a approves (2 of 2 then), x refuses" in shown
        await pilot.press("D")
        await settled(pilot)
        assert "not approved: 1 of 2 approvals" in said(pilot)
        await asked(pilot, "a")
        await pilot.press("y")
        await until(pilot, lambda: "all approvals are there, D deploys it" in said(pilot))
        await settled(pilot)
        assert "D deploys it to prod" in screen_text(pilot.app)
