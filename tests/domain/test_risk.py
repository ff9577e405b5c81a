"""Risk is computed from what a change does: every point has its reason, and the higher level counts."""

from __future__ import annotations

from dataclasses import fields, replace

import pytest
from support.scene import content

from store.domain import events as ev
from store.domain import risk
from store.domain.change import Change, higher
from store.domain.component import Connector
from store.domain.diff.model import Change as How
from store.domain.diff.model import CodeChange, ComponentChange, Diff
from store.domain.impact import Code, Fact, Impact
from store.domain.policy import RISKS, EnvironmentRules, Policy, RiskRules, Template
from store.domain.policy.expressions import VARIABLES
from store.domain.policy.gates import ChangeWindow, Gates, Window
from store.domain.policy.reading import read_policy
from store.domain.policy.risk_rules import FactPoints, RiskCondition
from store.domain.seen import Seen, values
from store.errors import Refusal

MONDAY, SUNDAY = "2026-03-02T12:00:00.000Z", "2026-03-01T12:00:00.000Z"
HOST, MODULE = Connector(kind="host", name="api.example"), Connector(kind="module", name="node-red-x", version="2")
CREDENTIAL = Connector(kind="credential", name="shop")
ALONE: dict[str, tuple[Code, Connector | None]] = {
    "host_added": (Code.CONNECTOR_ADDED, HOST),
    "credential_changed": (Code.CREDENTIAL_CHANGED, CREDENTIAL),
    "shell_or_file": (Code.SHELL_ADDED, None),
    "authentication_lost": (Code.AUTHENTICATION_LOST, None),
    "endpoint_open": (Code.ENDPOINT_OPENED, None),
    "tls_off": (Code.TLS_OFF, None),
    "schedule_more_often": (Code.SCHEDULE_FASTER, None),
    "module_added": (Code.CONNECTOR_ADDED, MODULE),
    "module_changed": (Code.CONNECTOR_LICENCE, MODULE),
    "permission_added": (Code.CONNECTOR_USED, HOST),
    "secrets_present": (Code.SECRET_ADDED, None),
}
"""Facts that one thing in the impact brings about, alone."""


def part(name: str, how: How = How.CHANGED, *, code: str | None = None) -> ComponentChange:
    lines = (CodeChange(field=f"{name}.{code}", language="javascript", unified="+x"),) if code else ()
    return ComponentChange(id=f"id-{name}", name=name, kind="tab", change=how, code=lines)


def seen(*parts: ComponentChange, facts: tuple[Fact, ...] = (), policy: Policy | None = None, **more: object) -> Seen:
    stated = content(**{k: str(more.pop(k)) for k in ("risk", "template") if k in more})
    change = Change(
        id="CR-0001", project="orders", environment=str(more.pop("environment", "prod")), requester="cy",
        editors=("cy",), content=stated, digest="d" * 64, state="draft",
        target=ev.ReleaseRef(release="1" * 64, manifest="a" * 64, files=1, components=2),
    )  # fmt: skip
    sight = Seen(
        change=change, policy=policy or Policy(), diff=Diff(components=parts), impact=Impact(facts=facts), at=MONDAY
    )
    return replace(sight, **more)


def found(sight: Seen) -> dict[str, int]:
    return {one.fact: one.points for one in risk.assess(sight).facts}


def test_every_weight_has_its_fact_and_every_fact_its_weight() -> None:
    assert {field.name for field in fields(FactPoints)} == set(risk.FACTS)


def test_nothing_that_differs_is_no_risk_and_noise_is_nothing() -> None:
    assert risk.assess(seen()).points == 0
    assessment = risk.assess(seen(part("a", How.NOISE)))
    assert (assessment.points, assessment.computed) == (0, "low")


@pytest.mark.parametrize("name", ALONE)
def test_one_fact_weighs_what_policy_says_and_is_told_in_words(name: str) -> None:
    code, connector = ALONE[name]
    fact = Fact(code=code, component="t", component_name="Orders", part="node", connector=connector, new="is so")
    sight = seen(facts=(fact,))
    assert found(sight) == {name.replace("_", "-"): getattr(FactPoints(), name)}
    assert risk.assess(sight).facts[0].because
    off = Policy(risk=RiskRules(points=replace(FactPoints(), **{name: 0})))
    assert found(replace(sight, policy=off)) == {}


@pytest.mark.parametrize(
    "code", [code for code in Code if code.value.endswith(("removed", "gained", "closed", "slower"))]
)
def test_what_narrows_weighs_nothing(code: Code) -> None:
    assert found(seen(facts=(Fact(code=code, connector=HOST),))) == {}


def test_what_the_diff_alone_shows_weighs_too() -> None:
    many = [part(f"c{i}") for i in range(11)]
    assert found(seen(part("a", code="func"))) == {"code-changed": 10}
    assert found(seen(part("a", How.REMOVED, code="func"))) == {"component-removed": 5}
    assert found(seen(*many)) == {"many-components": 10}
    assert found(seen(part("a"), first=True)) == {"first-release": 5}


def test_reasons_name_the_first_few_and_count_the_rest_and_stay_short() -> None:
    sight = seen(*(part("x" * 500 + str(i), code="f" * 500) for i in range(9)))
    (fact,) = risk.assess(sight).facts
    assert len(fact.because) <= 300
    few = risk.assess(seen(*(part(f"c{i}", code="func") for i in range(5)))).facts[0]
    assert few.because == "code changes in c0.func, c1.func, c2.func and 2 more"


def test_the_levels_begin_exactly_where_policy_says() -> None:
    levels = {points: risk.level_of(points, Policy()) for points in (0, 29, 30, 129, 130, 199, 200, 9999)}
    assert list(levels.values()) == ["low", "low", "medium", "medium", "high", "high", "critical", "critical"]


@pytest.mark.parametrize("declared", RISKS)
@pytest.mark.parametrize("points", [0, 30, 100, 160])
def test_the_higher_of_computed_and_declared_counts(declared: str, points: int) -> None:
    policy = Policy(environments={"prod": EnvironmentRules(risk_points=points)})
    assessment = risk.assess(seen(policy=policy, risk=declared))
    assert RISKS.index(assessment.level) == max(RISKS.index(declared), RISKS.index(assessment.computed))


def test_a_first_release_is_compared_with_nothing_and_capped_where_policy_says_unless_declared_higher() -> None:
    facts = tuple(
        Fact(code=code, component="t", component_name="Orders", part="node", connector=connector, new="is so")
        for code, connector in ALONE.values()
    )
    strict = Policy(risk=RiskRules(first_release_at_most="critical"))
    assert risk.assess(seen(part("a"), facts=facts)).level == "critical"
    assert risk.assess(seen(part("a"), facts=facts, first=True)).level == "medium"
    assert risk.assess(seen(part("a"), facts=facts, first=True, risk="high")).level == "high"
    assert risk.assess(seen(part("a"), facts=facts, first=True, policy=strict)).level == "critical"
    assert risk.assess(seen(part("a"), first=True)).level == "low"


def test_an_unknown_level_is_the_highest() -> None:
    assert higher("low", "unheard of") == "unheard of"
    assert Policy().rule(higher("low", "unheard of")) == Policy().approvals["critical"]


def test_a_template_is_never_taken_for_less_than_it_says() -> None:
    policy = Policy(templates={"fix": Template(title="Fix", risk="high")})
    assert risk.assess(seen(policy=policy, template="fix")).level == "high"
    assert risk.assess(seen(policy=policy, template="other")).level == "low"


def test_outside_the_change_window_weighs_and_says_when_it_opens() -> None:
    window = ChangeWindow(time_zone="Europe/Berlin", windows=(Window(start="08:00", end="16:00"),))
    policy = Policy(environments={"prod": EnvironmentRules(gates=Gates(change_window=window))})
    assert found(seen(policy=policy)) == {}
    (fact,) = risk.assess(seen(policy=policy, at=SUNDAY)).facts
    assert (fact.points, fact.because) == (20, "outside the change window, which opens 2026-03-02T07:00:00.000Z")


def test_owners_of_a_critical_component_must_be_among_the_approvers_and_of_others_need_not() -> None:
    policy = read_policy({
        "a.toml": '[risk]\ncritical = ["orders/Pay*"]\n',
        "owners.toml": '"orders/Pay*" = ["dana"]\n"*/id-Mail" = ["eli", "bo"]\n',
    })  # fmt: skip
    wanted = risk.assess(seen(part("Payment"), part("Mail"), policy=policy)).owners
    assert [(one.owners, one.because) for one in wanted] == [(("dana",), "they answer for Payment")]
    assert found(seen(part("Payment"), policy=policy)) == {"critical-component": 40}
    every = replace(policy, approvals={**policy.approvals, "medium": replace(policy.approvals["medium"], owners=True)})
    wanted = risk.assess(seen(part("Payment"), part("Mail"), policy=every)).owners
    assert [one.owners for one in wanted] == [("dana",), ("bo", "eli")]


def test_more_sets_of_owners_than_an_entry_can_name_are_refused_in_words() -> None:
    owners = {f"orders/c{i}": (f"p{i}",) for i in range(21)}
    policy = Policy(owners=owners, risk=RiskRules(critical=("*",)))
    with pytest.raises(Refusal, match="21 different sets of owners"):
        risk.assess(seen(*(part(f"c{i}") for i in range(21)), policy=policy))


def test_a_condition_adds_points_and_one_that_breaks_counts_as_if_it_held() -> None:
    conditions = {
        "friday": RiskCondition(when="now.weekday == 'fri'", points=9, because="it is Friday"),
        "hosts": RiskCondition(when="change.hosts.exists(h, h.endsWith('.example'))", points=7, because="that host"),
        "broken": RiskCondition(when="request.nothing == 1", points=5, because="who knows"),
    }
    sight = seen(
        facts=(Fact(code=Code.CONNECTOR_ADDED, connector=HOST),), policy=Policy(risk=RiskRules(conditions=conditions))
    )
    assert found(sight) == {"host-added": 10, "hosts": 7, "broken": 5}
    assert "broke" in next(one.because for one in risk.assess(sight).facts if one.fact == "broken")


def test_the_same_sight_gives_the_same_risk_and_an_entry_holds_it() -> None:
    facts = tuple(Fact(code=code, component_name="𝕏" * 400, connector=HOST, new="𝕏" * 400) for code in Code)
    sight = seen(*(part("𝕏" * 400 + str(i), code="𝕏" * 400) for i in range(40)), facts=facts, first=True)
    event = risk.recorded(sight, risk.assess(sight), phase="submit")
    assert event == risk.recorded(sight, risk.assess(sight), phase="submit")
    on, data = ev.to_parts(event)
    assert len(str(data).encode()) < 60_000
    assert sum(one.points for one in event.facts) == event.points
    assert ev.decode(event.KIND, on, data) == event


def test_what_conditions_may_speak_of_is_what_they_are_shown() -> None:
    sight = seen(part("a", code="f"), facts=(Fact(code=Code.CONNECTOR_ADDED, connector=HOST),), approvers=("bo",))
    event = risk.recorded(sight, risk.assess(sight), phase="submit")
    shown = values(sight, event)
    assert set(shown) == set(VARIABLES)
    for name, keys in VARIABLES.items():
        if keys:
            assert set(keys) == set(shown[name]), name
