"""The three invented weeks themselves: who did what, and when, each through the service that anybody uses."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import datetime, timedelta

from store.demo.samples import BROKEN, POLICY, crm_sync, orders
from store.domain import events as ev
from store.domain.roles import parse_grant
from store.services import incidents, rounds
from store.services.anomalies import acknowledging
from store.services.context import Actor, Context
from store.services.delivery import deploying, environments, rehearsing, rollback
from store.services.drift import drifting
from store.services.exports import watching
from store.services.findings import handling
from store.services.findings.handling import Wanted
from store.services.identity import people
from store.services.policy import proposing
from store.services.requests import approving, commenting, requests
from store.workspace import Workspace

YOU = "mira"
"""Whom the console opens as: approver, operator and responder."""
PEOPLE = {
    "ada": (),
    YOU: ("approver", "operator", "responder"),
    "theo": ("requester",),
    "ines": ("approver", "security-approver"),
    "juno": ("auditor",),
}


@dataclass
class StoryClock:
    """A clock that the story sets."""

    at: datetime

    def now(self) -> datetime:
        """Return the story's instant; each look is a moment later."""
        self.at += timedelta(milliseconds=137)
        return self.at

    def set(self, at: datetime) -> None:
        """Go on to `at`, never back."""
        self.at = max(self.at, at)


@dataclass
class Story:
    """A workspace while its story is told, and whoever acts in it."""

    workspace: Workspace
    clock: StoryClock
    start: datetime
    actors: dict[str, Actor]

    @property
    def context(self) -> Context:
        return self.workspace.context

    def day(self, days: int, hour: int, minute: int = 0) -> None:
        day = self.start + timedelta(days=days)
        self.clock.set(day.replace(hour=hour, minute=minute))

    def drop(self, environment: str, project: str, name: str, data: bytes, *, root: str = "inbox") -> None:
        path = self.workspace.root / root / environment / project / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        os.utime(path, (path.stat().st_atime - 60, path.stat().st_mtime - 60))
        watching.once(self.context)

    def change(self, project: str, environment: str, title: str, why: str, **more: str) -> str:
        words = {"success": "no complaints for a week", "rollback_plan": "roll back to the release before"}
        content = ev.RequestContent(**({"title": title, "why": why, "risk": "medium"} | words | more))
        entry = requests.open_request(
            self.context, self.actors["theo"], project=project, environment=environment, content=content
        )
        request = entry.statement.on["request"]
        requests.submit(self.context, self.actors["theo"], request)
        return request

    def approved(self, request: str, *, note: str = "read it", also: bool = False) -> None:
        self.clock.set(self.clock.at + timedelta(minutes=24))
        approving.approve(self.context, self.actors["ines"], request, note=note)
        if also:
            self.clock.set(self.clock.at + timedelta(minutes=9))
            approving.approve(self.context, self.actors[YOU], request, note="tested on staging")

    def live(self, request: str) -> str:
        self.clock.set(self.clock.at + timedelta(minutes=6))
        outcome = deploying.deploy(self.context, self.actors[YOU], request)
        change = requests.change_of(self.context.ledger, request)
        out = self.workspace.root / "out" / change.environment / change.project
        for path in sorted(out.iterdir()):
            self.drop(change.environment, change.project, path.name, path.read_bytes(), root="observed")
        return outcome.deployment


def begin(story: Story) -> None:
    """Enrol everybody and add three environments."""
    admin = story.actors["ada"]
    for name, granted in PEOPLE.items():
        if granted:
            line = people.bare_line(story.actors[name].signer.public)
            people.add(story.context, admin, name, key_lines=[line], grants=[parse_grant(role) for role in granted])
    for place in ("dev", "staging", "prod"):
        settings = {"deliver": f"out/{place}", "observe": f"observed/{place}"}
        environments.add(story.context, admin, place, target="folder", settings=settings)


def first_weeks(story: Story) -> None:
    """Release twice, with an incident in between."""
    story.day(1, 9, 10)
    for place in ("dev", "staging", "prod"):
        story.drop(place, "orders", "flows.json", orders(1))
        request = story.change("orders", place, "First release of orders", "The web shop goes live", risk="low")
        story.approved(request)
        story.live(request)
    story.day(3, 10, 5)
    story.drop("prod", "crm", "crm-sync.json", crm_sync(1))
    request = story.change("crm", "prod", "Sync customers to the CRM", "Sales types addresses by hand", risk="low")
    story.approved(request, note="asked sales, fine")
    story.live(request)
    _incident(story)
    story.day(14, 9, 20)
    for place in ("staging", "prod"):
        story.drop(place, "orders", "flows.json", orders(3))
        request = story.change("orders", place, "Discounts, capped", "INC-0001: discounts without a cap")
        story.approved(request, note="cap of 30 % agreed with finance")
        story.live(request)
    story.day(16, 15, 0)
    request = story.change("orders", "dev", "Log every order", "Debugging", risk="low")
    approving.refuse(story.context, story.actors["ines"], request, reason="orders hold addresses: mask them first")


def _incident(story: Story) -> None:
    story.day(9, 16, 40)
    story.drop("prod", "orders", "flows.json", orders(2))
    request = story.change("orders", "prod", "Discounts at checkout", "Marketing wants vouchers", risk="medium")
    story.approved(request, note="looks right")
    story.live(request)
    story.day(10, 2, 51)
    you = story.actors[YOU]
    entry = incidents.open_incident(
        story.context, you, title="Orders with negative totals", severity="high", project="orders", environment="prod"
    )
    incident = entry.statement.on["incident"]
    story.day(10, 2, 58)
    incidents.note(story.context, you, incident, "discount above 1 makes the total negative; rolling back")
    plan = rollback.plan(story.context, "prod", "orders")
    rollback.roll_back(story.context, you, plan, reason=f"{incident}: negative totals")
    story.drop("prod", "orders", "flows.json", orders(1), root="observed")
    story.day(10, 11, 0)
    incidents.close(
        story.context,
        you,
        incident,
        cause="the discount is a percentage in the shop and a fraction in the flow",
        fix="rolled back; capped and converted in the next release",
        learned="staging had no order with a voucher: add one to the synthetic set",
    )


def recent(story: Story, now: datetime) -> None:
    """Leave behind what needs somebody: a drift, an export that cannot be read, a request that waits."""
    story.day(20, 10, 30)
    story.drop("prod", "crm", "crm-sync.json", crm_sync(2))
    request = story.change("crm", "prod", "Mark the source, every two hours", "The CRM's limits", risk="low")
    story.approved(request)
    story.live(request)
    story.clock.set(now - timedelta(hours=26))
    story.drop("prod", "crm", "half-written.json", BROKEN)
    story.clock.set(now - timedelta(hours=5))
    tampered = crm_sync(2).replace(b'"hoursInterval": 2', b'"hoursInterval": 1')
    story.drop("prod", "crm", "crm-sync.json", tampered, root="observed")
    story.clock.set(now - timedelta(hours=4))
    drifting.acknowledge(story.context, story.actors[YOU], "DR-0001", note="sales asked by phone; request follows")
    story.clock.set(now - timedelta(minutes=47))
    story.drop("prod", "orders", "flows.json", orders(4))
    story.change(
        "orders",
        "prod",
        "Tell the carrier about new orders",
        "Pickups are ordered by hand every evening",
        risk="high",
        what="a new call to the carrier's API after each order",
        impact="orders, the carrier",
    )
    story.clock.set(now - timedelta(minutes=12))
    story.drop("prod", "orders", "flows.json", orders(3, tampered=True), root="observed")


def governed(story: Story, now: datetime) -> None:
    """Adopt a policy, rehearse under it, look things over. New events belong here: earlier numbers stay as they are."""
    _adopt_rules(story, now)
    _look_over(story, now)


def _adopt_rules(story: Story, now: datetime) -> None:
    context, admin = story.context, story.actors["ada"]
    folder = story.workspace.root / "policies"
    folder.mkdir()
    (folder / "policy.toml").write_text(POLICY, encoding="utf-8")
    story.clock.set(now - timedelta(minutes=10, seconds=30))
    opened = proposing.propose(
        context,
        story.actors["theo"],
        title="Look again, and rehearse",
        why="The audit asks when anybody last looked at the connectors",
    )
    request = opened[0].statement.on["request"]
    story.clock.set(now - timedelta(minutes=9))
    approving.approve(context, story.actors["ines"], request, note="nothing gets easier")
    proposing.adopt(context, admin, request)
    story.clock.set(now - timedelta(minutes=8))
    plan = rehearsing.plan_rehearsal(context, "staging", "orders")
    rehearsing.rehearse(context, story.actors[YOU], plan, reason="so that going back is no surprise on prod")


def _look_over(story: Story, now: datetime) -> None:
    context = story.context
    story.clock.set(now - timedelta(minutes=6))
    commenting.comment(
        context,
        story.actors["ines"],
        "CR-0010",
        "Order intake",
        "what happens to an order while the carrier does not answer?",
    )
    story.clock.set(now - timedelta(minutes=5))
    handling.open_finding(
        context,
        story.actors["juno"],
        Wanted(
            title="The synthetic orders still hold no voucher",
            about="INC-0001",
            assignee="theo",
            summary="what INC-0001 taught was never done: staging cannot show a negative total",
        ),
    )
    story.clock.set(now - timedelta(minutes=4))
    rounds.once(context)
    story.clock.set(now - timedelta(minutes=2))
    acknowledging.acknowledge(context, story.actors["ines"], "AN-0001", note="sales asked by phone; a request follows")
