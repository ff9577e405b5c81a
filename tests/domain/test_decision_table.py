"""Every role × scope × state × risk × environment × preset, decided twice: by the rules, and by the table below.

The oracle knows nothing of the code: it is what the two presets promise, written out by hand.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest
from support.scene import content

from store.clock import parse_timestamp, timestamp
from store.domain import approving
from store.domain import events as ev
from store.domain.change import Approval, Change
from store.domain.policy import Policy
from store.domain.policy.in_force import InForce
from store.domain.policy.reading import preset_policy
from store.domain.roles import ROLES, Principal, Principals, Suspension
from store.errors import Refusal

NOW, SOON, LONG_AGO = "2026-03-02T12:00:00.000Z", "2026-03-03T12:00:00.000Z", "2026-03-01T12:00:00.000Z"
PRESETS = ("default", "regulated")
PLACES = ("dev", "test", "staging", "prod", "somewhere-else")
LEVELS = ("low", "medium", "high", "critical")
STATES = ("draft", "in review", "approved", "deploying", "live", "refused", "withdrawn")
SCOPES = ("*/*", "orders/*", "*/HERE", "orders/HERE", "ord*/*", "crm/*", "*/nowhere", "orders/HER")
STANDINGS = ("good", "ended", "suspended", "role suspended")

# ── the oracle ────────────────────────────────────────────────────────────────────────────────────
# preset → environment → level → (people, one of them a security approver, hours an approval is fresh; 0: days decide)
SMALL_TEAM = {"low": (1, False, 0), "medium": (1, False, 0), "high": (2, False, 0), "critical": (2, True, 0)}
AUDITED = {"low": (1, False, 0), "medium": (2, False, 0), "high": (2, True, 72), "critical": (3, True, 24)}
NEEDED = {
    "default": dict.fromkeys(PLACES, SMALL_TEAM),
    "regulated": dict.fromkeys(PLACES, AUDITED) | {"dev": AUDITED | {"low": (1, False, 0), "medium": (1, False, 0)}},
}
COVERING = {"*/*", "orders/*", "*/HERE", "orders/HERE", "ord*/*"}
MAY_APPROVE, MAY_DEPLOY = {"approver", "security-approver"}, {"operator"}
OPEN_TO_APPROVAL, OPEN_TO_DEPLOYMENT = {"in review", "approved"}, {"in review", "approved", "deploying"}


def expects_approval(role: str, scope: str, standing: str, state: str) -> bool:
    return role in MAY_APPROVE and scope in COVERING and standing == "good" and state in OPEN_TO_APPROVAL


def expects_deployment(preset: str, place: str, level: str, case: Case, deployer: Deployer) -> bool:
    role, scope, standing, state, duty = deployer
    people, security, fresh = NEEDED[preset][place][level]
    counting = {name: kind for name, kind, hours in case if not fresh or hours < fresh}
    enough = len(counting) >= people and (not security or "security-approver" in counting.values())
    apart = preset == "default" or duty == "nothing"
    able = role in MAY_DEPLOY and scope in COVERING and standing == "good"
    return able and apart and enough and state in OPEN_TO_DEPLOYMENT


# ── the scene ─────────────────────────────────────────────────────────────────────────────────────
Case = tuple[tuple[str, str, int], ...]
"""Who approved: (handle, role, hours ago)."""
Deployer = tuple[str, str, str, str, str]
"""Role, scope, standing, the request's state, and what else the deployer did: nothing, requested, approved."""
APPROVALS: tuple[Case, ...] = (
    (),
    (("ann", "approver", 1),),
    (("sam", "security-approver", 1),),
    (("ann", "approver", 1), ("ben", "approver", 1)),
    (("ann", "approver", 1), ("sam", "security-approver", 1)),
    (("ann", "approver", 30), ("sam", "security-approver", 1)),
    (("ann", "approver", 1), ("ben", "approver", 1), ("sam", "security-approver", 1)),
    (("ann", "approver", 1), ("ben", "approver", 30), ("sam", "security-approver", 1)),
    (("ann", "approver", 80), ("ben", "approver", 1), ("sam", "security-approver", 80)),
)


def grant(role: str, scope: str, place: str, standing: str) -> ev.Grant:
    project, _, environment = scope.replace("HERE", place).partition("/")
    expires = LONG_AGO if standing == "ended" else None
    return ev.Grant(role=role, project=project, environment=environment, expires=expires)


def somebody(handle: str, role: str, scope: str, place: str, standing: str = "good") -> Principal:
    held = grant(role, scope, place, standing)
    whole = Suspension(until=SOON, reason="r", seq=1)
    stops = {"suspended": (whole,), "role suspended": (replace(whole, grant=held),)}
    return Principal(handle=handle, grants=(held,), suspensions=stops.get(standing, ()))


def request(place: str, level: str, state: str, case: Case = (), requester: str = "cy") -> Change:
    given = tuple(
        Approval(actor=name, digest="d", seq=9, not_after=SOON, note="", at=ago(hours)) for name, _, hours in case
    )
    return Change(
        id="CR-0001", project="orders", environment=place, requester=requester, editors=(requester,),
        content=content(risk=level), digest="d", state=state, approvals=given,
        target=ev.ReleaseRef(release="1" * 64, manifest="a" * 64, files=1, components=2),
    )  # fmt: skip


def ago(hours: int) -> str:
    return timestamp(parse_timestamp(NOW) - timedelta(hours=hours))


def allows(decide: Callable[[], None]) -> bool:
    try:
        decide()
    except Refusal:
        return False
    return True


@pytest.mark.parametrize("preset", PRESETS)
def test_who_may_approve_is_what_the_table_says(preset: str) -> None:
    rules, count, wrong = InForce(policy=preset_policy(preset)), 0, []
    for row in itertools.product(PLACES, LEVELS, STATES, ROLES, SCOPES, STANDINGS):
        place, level, state, role, scope, standing = row
        people = Principals(by_handle={"eve": somebody("eve", role, scope, place, standing)})
        change, count = request(place, level, state), count + 1
        check = partial(approving.check_approver, change, actor="eve", people=people, rules=rules, at=NOW)
        allowed = allows(check)
        if allowed is not expects_approval(role, scope, standing, state):
            wrong.append(row)
    assert (wrong[:5], count) == ([], 31_360)


@pytest.mark.parametrize("preset", PRESETS)
def test_what_may_be_deployed_and_by_whom_is_what_the_table_says(preset: str) -> None:
    policy, wrong, count, yes = preset_policy(preset), [], 0, 0
    for place, level, case, deployer in itertools.product(PLACES, LEVELS, APPROVALS, deployers()):
        count += 1
        allowed = deploys(policy, place, level, case, deployer)
        yes += allowed
        if allowed is not expects_deployment(preset, place, level, case, deployer):
            wrong.append((place, level, case, deployer))
    assert (wrong[:5], count) == ([], 180 * len(list(deployers())))
    assert yes > 100, "a table that refuses everything proves nothing"


def deployers() -> Iterator[Deployer]:
    for role, scope, standing in itertools.product(("operator", "approver", "admin"), SCOPES[:6], STANDINGS):
        yield role, scope, standing, "approved", "nothing"
    for state, duty in itertools.product(STATES, ("nothing", "requested", "approved")):
        yield "operator", "*/*", "good", state, duty


def deploys(policy: Policy, place: str, level: str, case: Case, deployer: Deployer) -> bool:
    role, scope, standing, state, duty = deployer
    people = {name: somebody(name, kind, "*/*", place) for name, kind, _ in case}
    people["eve"] = somebody("eve", role, scope, place, standing)
    change = request(place, level, state, case, requester="eve" if duty == "requested" else "cy")
    actor = "eve"
    if duty == "approved" and case:
        actor = case[0][0]
        people[actor] = replace(people[actor], grants=(*people[actor].grants, *people["eve"].grants))
    elif duty == "approved":
        change = replace(change, requester="eve", editors=("eve",))  # nobody approved: another duty instead
    return allows(
        lambda: approving.check_deployable(
            change,
            actor=actor,
            people=Principals(by_handle=people),
            policy=policy,
            at=NOW,
            frozen=None,
            quarantined=None,
        )
    )


@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("level", LEVELS)
def test_nobody_approves_what_they_opened_or_edited_under_either_preset(preset: str, place: str, level: str) -> None:
    people = Principals(by_handle={"eve": somebody("eve", "approver", "*/*", place)})
    rules = InForce(policy=preset_policy(preset))
    for change in (
        request(place, level, "in review", requester="eve"),
        replace(request(place, level, "in review"), editors=("cy", "eve")),
    ):
        with pytest.raises(Refusal, match="separation of duties"):
            approving.check_approver(change, actor="eve", people=people, rules=rules, at=NOW)
        given = Approval(actor="eve", digest="d", seq=9, not_after=SOON, note="", at=NOW)
        smuggled = replace(change, approvals=(given,))
        assert approving.counted(smuggled, people=people, policy=rules.policy, at=NOW) == ()
