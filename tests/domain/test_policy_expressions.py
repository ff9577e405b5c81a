"""Conditions are CEL: checked when policy is read, bounded when they run, and refused when they break."""

from __future__ import annotations

import time

import pytest

from store.domain.policy import expressions
from store.domain.policy.expressions import compiled, matching
from store.errors import Refusal

VALUES = {
    "request": {"project": "orders", "environment": "prod"},
    "risk": {"level": "high", "points": 60, "facts": ["code-changed"]},
    "change": {"components": ["a", "b"], "hosts": ["api.example"]},
    "approvers": ["bo", "dana"],
}


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("risk.level == 'high'", True),
        ("risk.points < 50 || size(approvers) > 1", True),
        ("request.project.startsWith('ord') && !('c' in change.components)", True),
        ("change.hosts.all(h, h.endsWith('.example'))", True),
        ("'code-changed' in risk.facts", True),
        ("risk.points > 60", False),
    ],
)
def test_a_condition_says_yes_or_no(text: str, holds: bool) -> None:
    assert compiled(text)(VALUES) is holds


@pytest.mark.parametrize(
    "text",
    [
        "risk.nothing == 1",
        "release.files > 0",
        "risk.points + 'a' == 'b'",
        "risk.points",
        "9223372036854775807 + risk.points > 0",
        "risk.points / 0 == 1",
        "now.hour > 1",
        "duration('x') > duration('1h')",
        "change.components[7] == 'a'",
        "unheard(risk.level)",
    ],
)
def test_a_condition_that_breaks_refuses(text: str) -> None:
    with pytest.raises(Refusal, match=r"broke|neither yes nor no"):
        compiled(text)(VALUES)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("risk.level ==", "no CEL"),
        ("(" * 400 + "1" + ")" * 400, "no CEL"),
        ("true || " * 200 + "true", "at most 1000"),
        ("[1].all(a, [1].all(b, [1].all(c, true)))", "walks at most 2 lists"),
        ("[1].all (a, [1].all\t(b, [1] . all(c, true)))", "walks at most 2 lists"),
        ("password == 'x'", "there is no password"),
    ],
)
def test_what_no_condition_may_be_is_said_when_it_is_read(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        compiled(text)


def test_a_long_list_is_not_judged_and_the_slowest_condition_ends_soon() -> None:
    with pytest.raises(Refusal, match="too long to be judged"):
        compiled("size(change.components) > 0")({"change": {"components": ["x"] * 201}})
    for much in (["x" * 30_000, "y" * 30_000], "x" * 50_001):
        with pytest.raises(Refusal, match="characters is too long to be judged"):
            compiled("change.components[0] == 'a'")({"change": {"components": much}})
    values = {"change": {"components": ["x" * 30] * 200}}
    text = "change.components.all(a, change.components.all(b, a == b && a.contains(b) && b.matches('^(x+x+)+$')))"
    begun = time.process_time()
    compiled(text)(values)
    assert time.process_time() - begun < 10


@pytest.mark.parametrize(
    "inner",
    [
        " + ".join(["a + b"] * 100) + " != ''",
        "!a.contains(b + '" + "y" * 800 + "')",
        " && ".join(["!request.title.contains('xxxxxxxxy')"] * 20),
        "!request.title.matches('(a{30}){30}')",
        "!a.matches(b)",
        "change.components == change.components",
        "change.components.map(c, request.title) == []",
    ],
)
@pytest.mark.parametrize("walk", ["all", "exists", "map"])
def test_what_could_take_minutes_or_all_memory_is_refused_before_it_runs(walk: str, inner: str) -> None:
    values = {"request": {"title": "x" * 400}, "change": {"components": ["x" * 250] * 200}}
    text = f"change.components.{walk}(a, change.components.{walk}(b, {inner}))"
    if inner.count(".map("):
        text = f"change.components.{walk}(a, {inner})"
    begun = time.process_time()
    with pytest.raises(Refusal, match="would take too long"):
        compiled(text)(values)
    assert time.process_time() - begun < 10


def test_a_pattern_out_of_the_values_is_not_matched_with_a_long_text() -> None:
    with pytest.raises(Refusal, match="would take too long"):
        compiled("request.title.matches(request.title)")({"request": {"title": "a" * 50_000}})


def test_usual_conditions_are_judged_on_the_largest_change() -> None:
    names = [f"Orders of the day, part {n:03}" for n in range(200)]
    values = {"request": {"title": "x" * 200, "project": "orders"}, "change": {"components": names, "hosts": names}}
    for text in (
        "change.components.all(a, !change.hosts.exists(b, a == b && b.startsWith('api.')))",
        "change.components.all(a, a.matches('^[A-Z][A-Za-z ,]{1,60}[0-9]{3}$'))",
        "change.components.filter(a, a.contains('Orders')).size() == 200",
        "size(change.hosts.map(h, h + ':' + request.project)) > 0",
    ):
        assert compiled(text)(values) is True, text


@pytest.mark.usefixtures("collector_waits")
def test_a_pattern_means_the_whole_name_and_takes_linear_time() -> None:
    assert matching("[a-z]+-[0-9]+")("orders-12")
    assert not matching("[a-z]+-[0-9]+")("orders-12\n")
    assert not matching("a|b")("ab")
    begun = time.process_time()
    assert not matching("(a+)+")("a" * 50_000 + "!")
    assert time.process_time() - begun < 2
    with pytest.raises(ValueError, match="no regular expression"):
        matching("(?<=a)b")
    with pytest.raises(ValueError, match="at most"):
        matching("a" * 1001)


def test_what_may_be_spoken_of_is_a_table() -> None:
    assert set(expressions.VARIABLES) == {"request", "risk", "change", "release", "now", "approvers"}
