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
from store.domain.change import Approval, Change, Escalation
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
# preset → environment → level → (hours each step waits, the roles it goes on to, in order); else nobody is asked next
LATE = {"low": (72, ("admin",)), "medium": (48, ("security-approver", "admin")),
        "high": (24, ("security-approver", "admin")), "critical": (8, ("security-approver", "admin"))}  # fmt: skip
ASKED_NEXT: dict[str, dict[str, dict[str, tuple[int, tuple[str, ...]]]]] = {
    "default": {place: {} for place in PLACES},
    "regulated": dict.fromkeys(PLACES, LATE) | {"dev": {level: LATE[level] for level in ("high", "critical")}},
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


def expects_late_approval(preset: str, place: str, level: str, role: str, story: Story) -> bool:
    """A role may approve besides the usual ones once its own step was recorded, in its turn, after its deadline."""
    waited, recorded = story
    hours, order = ASKED_NEXT[preset][place].get(level, (0, ()))
    due = {next_role: hours * step for step, next_role in enumerate(order, start=1)}
    asked = {
        named for step, named, after in recorded
        if order[step - 1 : step] == (named,) and after >= due[named] and waited >= due[named]
    }  # fmt: skip
    return role in MAY_APPROVE | asked


WROTE_IT_HOURS = 24
"""For so long whoever wrote the policy in force approves nothing under it, by both presets."""


def expects_enough(preset: str, place: str, level: str, flaw: Flaw, owners: tuple[str, ...]) -> bool:
    """Three approved; one of them has a flaw. An approval with one is none; one that is 30 hours old may be."""
    people, security, fresh = NEEDED[preset][place][level]
    who, what = flaw
    is_none = what in {"ended", "other revision", *LAPSED, "edited", "requested"} or (
        what == "30 hours old" and 0 < fresh <= 30
    )
    counting = {"ann", "ben", "sam"} - ({who} if is_none else set())
    return (
        len(counting) >= people and (not security or "sam" in counting) and (not owners or bool({*owners} & counting))
    )


# ── the scene ─────────────────────────────────────────────────────────────────────────────────────
Case = tuple[tuple[str, str, int], ...]
"""Who approved: (handle, role, hours ago)."""
Deployer = tuple[str, str, str, str, str]
"""Role, scope, standing, the request's state, and what else the deployer did: nothing, requested, approved."""
Story = tuple[int, tuple[tuple[int, str, int], ...]]
"""Hours since it was handed in, and the escalations in the ledger: (step, role, hours after it was handed in)."""
Flaw = tuple[str, str]
"""Whose approval it is, and what is wrong with it."""
LAPSED = ("suspended", "role suspended", "role ended", "role revoked")
FLAWS = ("nothing", "ended", "other revision", *LAPSED, "edited", "requested", "30 hours old")
STORIES: tuple[Story, ...] = tuple(
    (waited, recorded)
    for waited in (1, 10, 30, 50, 100, 300)
    for recorded in (
        (),
        ((1, "admin", 80),),  # where low risk goes; too early for nobody else, out of turn everywhere else
        ((1, "security-approver", 50), (2, "admin", 100)),
        ((1, "security-approver", 0), (2, "admin", 0)),  # somebody appended them early
        ((2, "admin", 100),),  # the first step was never recorded: the second stands for itself
        ((1, "operator", 100), (3, "responder", 300)),  # roles that no policy names
    )
)
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
            rules=InForce(policy=policy),
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


@pytest.mark.parametrize("preset", PRESETS)
def test_who_may_approve_late_is_what_the_table_says(preset: str) -> None:
    rules, wrong, count, late = InForce(policy=preset_policy(preset)), [], 0, 0
    standings = (("orders/HERE", "good"), ("*/*", "good"), ("crm/*", "good"), ("*/*", "ended"), ("*/*", "suspended"))
    for row in itertools.product(PLACES, LEVELS, ROLES, standings, STORIES):
        place, level, role, (scope, standing), story = row
        people = Principals(by_handle={"eve": somebody("eve", role, scope, place, standing)})
        change, count = waiting(place, level, story), count + 1
        check = partial(approving.check_approver, change, actor="eve", people=people, rules=rules, at=NOW)
        expected = expects_late_approval(preset, place, level, role, story)
        expected = expected and scope in COVERING and standing == "good"
        late += expected and role not in MAY_APPROVE
        if allows(check) is not expected:
            wrong.append(row)
    assert (wrong[:5], count) == ([], 5 * 4 * len(ROLES) * 5 * 36)
    assert late > 50 if preset == "regulated" else late == 0


@pytest.mark.parametrize("preset", PRESETS)
def test_waiting_lowers_nothing_and_frees_nobody_of_their_duties(preset: str) -> None:
    rules = InForce(policy=preset_policy(preset))
    for place, level, case, story in itertools.product(PLACES, LEVELS, APPROVALS, STORIES):
        people = Principals(by_handle={name: somebody(name, kind, "*/*", place) for name, kind, _ in case})
        plain, late = request(place, level, "in review", case), waiting(place, level, story, case)
        missing = [
            approving.approvals_missing(one, people=people, policy=rules.policy, at=NOW) for one in (plain, late)
        ]
        assert missing[0] == missing[1], (place, level, case, story)
    for place, level, story in itertools.product(PLACES, LEVELS, STORIES):
        people = Principals(by_handle={"cy": somebody("cy", "admin", "*/*", place)})
        with pytest.raises(Refusal, match="separation of duties: cy requested"):
            approving.check_approver(waiting(place, level, story), actor="cy", people=people, rules=rules, at=NOW)


def waiting(place: str, level: str, story: Story, case: Case = ()) -> Change:
    waited, recorded = story
    told = (Escalation(step=step, role=role, seq=7, at=ago(waited - after)) for step, role, after in recorded)
    change = request(place, level, "in review", case)
    return replace(change, submitted_at=ago(waited), escalations=tuple(told))


@pytest.mark.parametrize("preset", PRESETS)
def test_whose_approvals_count_is_what_the_table_says(preset: str) -> None:
    policy, wrong, count, yes = preset_policy(preset), [], 0, 0
    flaws = tuple(itertools.product(("ann", "ben", "sam"), FLAWS))
    for place, level, flaw, owners in itertools.product(
        PLACES, LEVELS, flaws, ((), ("ann",), ("sam", "zoe"), ("zoe",))
    ):
        change, people = flawed(place, level, flaw, owners)
        missing = approving.approvals_missing(change, people=people, policy=policy, at=NOW)
        count, yes = count + 1, yes + (not missing)
        if (not missing) is not expects_enough(preset, place, level, flaw, owners):
            wrong.append((place, level, flaw, owners, missing))
    assert (wrong[:5], count) == ([], 2_400)
    assert 400 < yes < 1_600, "a table that says one thing only proves nothing"


def flawed(place: str, level: str, flaw: Flaw, owners: tuple[str, ...]) -> tuple[Change, Principals]:
    """Return a request that was declared low, computed to `level`, and approved by three."""
    who, what = flaw
    roles = {"ann": "approver", "ben": "approver", "sam": "security-approver"}
    standings = {"suspended": "suspended", "role suspended": "role suspended", "role ended": "ended"}
    people = {
        name: somebody(name, kind, "*/*", place, standings.get(what, "good") if name == who else "good")
        for name, kind in roles.items()
    }
    if what == "role revoked":
        people[who] = somebody(who, "auditor", "*/*", place)
    bad = {"ended": {"not_after": LONG_AGO}, "other revision": {"digest": "e"}, "30 hours old": {"at": ago(30)}}
    given = tuple(
        Approval(**{"actor": name, "digest": "d", "seq": 9, "not_after": SOON, "note": "", "at": ago(1)}
                 | (bad.get(what, {}) if name == who else {}))
        for name in roles
    )  # fmt: skip
    risk = ev.RiskAssessed(
        request="CR-0001", project="orders", environment=place, digest="d", level=level, computed=level,
        declared="low", points=1, facts=(), policy="p", phase="submit",
        owners=(ev.OwnersWanted(owners=owners, because="it is critical"),) if owners else (),
    )  # fmt: skip
    change = request(place, "low", "in review", requester=who if what == "requested" else "cy")
    editors = (*change.editors, *([who] if what == "edited" else []))
    return replace(change, approvals=given, risk=risk, editors=editors), Principals(by_handle=people)


@pytest.mark.parametrize("preset", PRESETS)
def test_who_wrote_the_policy_in_force_waits_as_long_as_the_table_says(preset: str) -> None:
    for place, level, hours, author in itertools.product(PLACES, LEVELS, (0, 1, 23, 24, 25, 100), ("eve", "zoe")):
        since = ago(hours)
        waits = preset_policy(preset).separation.policy_editor_hours
        rules = InForce(policy=preset_policy(preset), seq=5, since=since, editors=("al", author), cooling_hours=waits)
        people = Principals(by_handle={"eve": somebody("eve", "approver", "*/*", place)})
        change = request(place, level, "in review")
        check = partial(approving.check_approver, change, actor="eve", people=people, rules=rules, at=NOW)
        assert allows(check) is (author != "eve" or hours >= WROTE_IT_HOURS), (place, level, hours, author)
