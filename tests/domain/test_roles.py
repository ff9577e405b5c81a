from __future__ import annotations

import itertools

import pytest

from store.domain import events as ev
from store.domain import roles
from store.domain.roles import PERMISSIONS, ROLES, Principal, Principals
from store.errors import BadInput, Refusal

NOON = "2026-03-02T12:00:00.000Z"
MAY = {
    "requester": {"open a request", "annotate"},
    "approver": {"open a request", "approve", "refuse", "review connectors", "annotate"},
    "security-approver": {"approve", "refuse", "unseal a secret", "review connectors", "annotate"},
    "operator": {
        "open a request",
        "deploy",
        "roll back",
        "handle drift",
        "open an incident",
        "freeze",
        "annotate",
    },
    "responder": {"roll back", "handle drift", "open an incident", "freeze", "annotate"},
    "auditor": {"review connectors", "annotate"},
    "admin": {
        "open a request",
        "open an incident",
        "freeze",
        "lift a quarantine",
        "unseal a secret",
        "shred a secret",
        "manage principals",
        "manage environments",
        "acknowledge a restore",
        "correct the clock",
        "adopt a policy",
        "rotate the log's key",
        "review connectors",
        "annotate",
    },
}
for _role in ("auditor", "admin"):
    MAY[_role] |= {"open a finding", "assign a finding", "close a finding"}
for _role in ("approver", "security-approver", "auditor", "admin"):
    MAY[_role].add("review the policy")
for _role in ("approver", "security-approver", "operator", "responder", "auditor", "admin"):
    MAY[_role].add("acknowledge an anomaly")
for _role, _acts in MAY.items():
    _acts |= {"run gates", "comment on a request"}
    if _role not in {"responder", "auditor"}:
        _acts.add("add a report")
"""Who may do what, in one table, written down apart from the code: everything else is refused."""


def one(*grants: ev.Grant, handle: str = "eve") -> Principals:
    return Principals(by_handle={handle: Principal(handle=handle, grants=grants)})


def allowed(people: Principals, act: str, project: str = "orders", environment: str = "prod", at: str = NOON) -> bool:
    try:
        roles.require(people, "eve", act, project=project, environment=environment, at=at)
    except Refusal:
        answer = False
    else:
        answer = True
    assert roles.may(people, "eve", act, project=project, environment=environment, at=at) is answer
    return answer


def test_the_table_speaks_of_every_role_and_every_act() -> None:
    assert set(MAY) == set(ROLES)
    assert set().union(*MAY.values()) == set(PERMISSIONS)


@pytest.mark.parametrize(("role", "act"), itertools.product(ROLES, PERMISSIONS))
def test_a_role_may_do_exactly_what_the_table_says(role: str, act: str) -> None:
    assert allowed(one(ev.Grant(role=role)), act) is (act in MAY[role])


@pytest.mark.parametrize("act", PERMISSIONS)
def test_nobody_without_a_grant_may_do_anything(act: str) -> None:
    assert not allowed(one(), act)
    assert not allowed(Principals(), act)
    assert not allowed(one(ev.Grant(role="root")), act)
    assert not allowed(one(ev.Grant(role="ADMIN")), act)
    assert not allowed(one(ev.Grant(role="*")), act)


@pytest.mark.parametrize(
    ("project", "environment", "covered"),
    [
        ("orders", "prod", True),
        ("orders*", "prod", True),
        ("*", "prod", True),
        ("orders", "*", True),
        ("order", "prod", False),
        ("orders-eu", "prod", False),
        ("orders", "production", False),
        ("orders", "pro", False),
        ("Orders", "prod", False),
        ("orders", "PROD", False),
        ("", "", False),
        ("[!o]*", "prod", False),
        ("o?ders", "pr?d", True),
    ],
)
def test_a_scope_covers_what_its_globs_cover_and_no_more(project: str, environment: str, covered: bool) -> None:
    people = one(ev.Grant(role="operator", project=project, environment=environment))
    assert allowed(people, "deploy") is covered


def test_two_half_scopes_do_not_make_a_whole_one() -> None:
    people = one(
        ev.Grant(role="operator", project="orders", environment="dev"),
        ev.Grant(role="operator", project="crm", environment="prod"),
    )
    assert not allowed(people, "deploy", "orders", "prod")


@pytest.mark.parametrize("pattern", ["?", "[*]", "[!a]", "orders", "**", "*?"])
def test_no_narrow_glob_matches_the_star_that_means_everywhere(pattern: str) -> None:
    people = one(ev.Grant(role="admin", project=pattern, environment=pattern))
    assert not allowed(people, "manage principals", "*", "*")
    half = one(ev.Grant(role="admin", project="*", environment=pattern))
    assert not allowed(half, "manage principals", "*", "*")


def test_a_grant_ends_at_its_instant() -> None:
    people = one(ev.Grant(role="operator", expires="2026-03-02T12:00:00.000Z"))
    assert allowed(people, "deploy", at="2026-03-02T11:59:59.999Z")
    assert not allowed(people, "deploy", at="2026-03-02T12:00:00.000Z")
    assert not allowed(people, "deploy", at="2026-03-02T12:00:00.001Z")


@pytest.mark.parametrize("expires", ["2026-03-02T13:30:00+02:00", "2026-03-02T11:30:00Z", "2026-03-02"])
def test_an_expired_grant_is_expired_however_its_end_is_written(expires: str) -> None:
    assert not allowed(one(ev.Grant(role="operator", expires=expires)), "deploy")


@pytest.mark.parametrize("expires", ["next week", "", "9999", "2026-13-01T00:00:00Z"])
def test_a_grant_with_an_end_nobody_can_read_is_no_grant(expires: str) -> None:
    assert not allowed(one(ev.Grant(role="operator", expires=expires)), "deploy")


def test_a_refusal_names_the_role_that_is_needed_and_who_has_it() -> None:
    people = Principals(
        by_handle={
            "eve": Principal(handle="eve", grants=(ev.Grant(role="auditor"),)),
            "bo": Principal(handle="bo", grants=(ev.Grant(role="operator"),)),
            "old": Principal(handle="old", grants=(ev.Grant(role="operator", expires="2020-01-01T00:00:00.000Z"),)),
        }
    )
    with pytest.raises(Refusal) as caught:
        roles.require(people, "eve", "deploy", project="orders", environment="prod", at=NOON)
    assert caught.value.reasons == ("eve may not deploy on orders/prod: it needs the role operator",)
    assert caught.value.would_unblock == ("bo could do it",)


def test_a_revoked_grant_is_gone_and_only_that_one() -> None:
    wide, narrow = ev.Grant(role="operator"), ev.Grant(role="operator", project="crm")
    events: list[ev.Event] = [
        ev.PrincipalAdded(principal="eve", keys=(), grants=(wide,)),
        ev.RoleGranted(principal="eve", grant=narrow),
        ev.RoleRevoked(principal="eve", grant=wide, reason="left the team"),
    ]
    people = roles.fold(
        ev.Recorded(seq=seq, time=NOON, actor="alice", event=event) for seq, event in enumerate(events, 1)
    )
    assert not allowed(people, "deploy", "orders")
    assert allowed(people, "deploy", "crm")


def test_a_key_counts_from_the_entry_after_its_enrolment_to_the_entry_of_its_revocation() -> None:
    events = {
        5: ev.PrincipalAdded(principal="eve", keys=("key one",), grants=()),
        8: ev.KeyAdded(principal="eve", key="key two"),
        12: ev.KeyRevoked(principal="eve", key="key one", reason="lost"),
    }
    people = roles.fold(ev.Recorded(seq=seq, time=NOON, actor="alice", event=event) for seq, event in events.items())
    one, two = people.by_handle["eve"].keys
    assert [seq for seq in range(1, 20) if one.valid_at(seq)] == list(range(5, 13))
    assert [seq for seq in range(1, 20) if two.valid_at(seq)] == list(range(9, 20))
    assert people.owner_of("key one") is None
    assert people.owner_of("key two") == people.by_handle["eve"]


def test_events_about_people_nobody_knows_change_nothing() -> None:
    ghostly: list[ev.Event] = [
        ev.RoleGranted(principal="ghost", grant=ev.Grant(role="admin")),
        ev.KeyAdded(principal="ghost", key="key"),
        ev.KeyRevoked(principal="ghost", key="key", reason="-"),
        ev.RoleRevoked(principal="ghost", grant=ev.Grant(role="admin"), reason="-"),
    ]
    recorded = [ev.Recorded(seq=9, time=NOON, actor="alice", event=event) for event in ghostly]
    assert roles.fold(recorded).by_handle == {}


@pytest.mark.parametrize("text", ["Eve", "", "-eve", "e" * 33, "eve\n", "é", "eve bo", "../eve", "eve/bo", "e\x00"])
def test_a_handle_is_a_pseudonym_in_plain_ascii(text: str) -> None:
    with pytest.raises(BadInput):
        roles.checked_handle(text)


@pytest.mark.parametrize(
    "text", ["", "root", "operator@orders", "operator@/prod", "operator@orders/", "Operator", " operator"]
)
def test_a_grant_with_an_odd_role_or_half_a_scope_is_refused(text: str) -> None:
    with pytest.raises(BadInput):
        roles.parse_grant(text)


def test_a_grant_is_written_role_at_project_slash_environment() -> None:
    assert roles.parse_grant("operator") == ev.Grant(role="operator")
    scoped = ev.Grant(role="approver", project="orders*", environment="prod")
    assert roles.parse_grant("approver@orders*/prod") == scoped
