from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from hypothesis import given
from hypothesis import strategies as st

from store.domain import drift as rules
from store.domain import events as ev
from store.domain.component import ComponentRef
from store.domain.drift import DELIVERED, Drift, Observation

IDS: Final = "abcd"
SOURCES = st.sampled_from(["export", "live", DELIVERED])


def refs(digests: dict[str, str]) -> dict[str, ComponentRef]:
    return {
        name: ComponentRef(id=name, name=name, kind="tab", digest=digest, artifact="f" * 64)
        for name, digest in digests.items()
    }


def seen(desired: dict[str, str], observed: dict[str, str], source: str = "live") -> Observation:
    """Return a sight of everything."""
    return Observation(
        project="orders",
        environment="prod",
        artifact="a",
        export="flows.json",
        source=source,
        release="r",
        differences=rules.differences(refs(desired), refs(observed), expected=desired),
        looked_at=frozenset({*desired, *observed}),
        summaries={},
        previous={},
    )


def after(standing: dict[str, Drift], events: list[ev.Event]) -> dict[str, Drift]:
    """Fold what a sight called for onto what stood."""
    opened = [
        ev.DriftOpened(
            drift=drift.id,
            project="orders",
            environment="prod",
            component=drift.component,
            name=drift.name,
            component_kind="tab",
            summary="",
            export=drift.export,
            observed_artifact="a",
            desired=drift.desired,
            observed=drift.observed,
            source=drift.source,
        )
        for drift in standing.values()
    ]
    records = [
        ev.Recorded(seq=seq, time="", actor="system", event=event) for seq, event in enumerate([*opened, *events], 1)
    ]
    return rules.unresolved(rules.replay(records))


states = st.dictionaries(st.sampled_from(IDS), st.sampled_from("123"))


def _numbered(first: int) -> Callable[[int], str]:
    return lambda k: f"DR-{first + k}"


@given(desired=states, sights=st.lists(states, min_size=1, max_size=6))
def test_after_every_sight_exactly_what_differs_stands_once(
    desired: dict[str, str], sights: list[dict[str, str]]
) -> None:
    standing: dict[str, Drift] = {}
    number = 0
    for observed in sights:
        events = list(rules.judge(seen(desired, observed), standing, number=_numbered(number)))
        number += sum(isinstance(event, ev.DriftOpened) for event in events)
        standing = after(standing, [*events])
        differing = {name for name in IDS if desired.get(name) != observed.get(name)}
        assert set(standing) == differing
        assert len({drift.id for drift in standing.values()}) == len(standing)
        for name, drift in standing.items():
            assert (drift.desired, drift.observed) == (desired.get(name), observed.get(name))
        assert not list(rules.judge(seen(desired, observed), standing, number=str)), "seen again, it is no news"


@given(desired=states, first=states, second=states, one=SOURCES, two=SOURCES)
def test_a_delivery_folder_and_what_runs_never_end_each_others_drift(
    desired: dict[str, str], first: dict[str, str], second: dict[str, str], one: str, two: str
) -> None:
    standing = after({}, [*rules.judge(seen(desired, first, one), {}, number=str)])
    events = rules.judge(seen(desired, second, two), standing, number=lambda k: f"DR-{k}")
    ended = {event.component for event in events if isinstance(event, ev.DriftResolved)}
    if (one == DELIVERED) != (two == DELIVERED):
        assert not ended
    else:
        assert ended == {name for name in standing if desired.get(name) == second.get(name)}


def test_a_sight_of_a_part_says_nothing_about_the_rest() -> None:
    standing = after({}, [*rules.judge(seen({"a": "1", "b": "1"}, {"a": "2", "b": "2"}), {}, number=str)])
    part = replace(
        seen({"a": "1"}, {"a": "1"}),
        export="other.json",
        looked_at=frozenset({"a"}),
    )
    events = rules.judge(part, standing, number=str)
    assert [(type(event), event.component) for event in events] == [(ev.DriftResolved, "a")]


@given(desired=states, observed=states)
def test_differences_are_symmetric_but_for_their_direction(desired: dict[str, str], observed: dict[str, str]) -> None:
    there = rules.differences(refs(desired), refs(observed), expected=desired)
    back = rules.differences(refs(observed), refs(desired), expected=observed)
    assert {(d.component, d.desired, d.observed) for d in there} == {(d.component, d.observed, d.desired) for d in back}
    unexpected = rules.differences(refs(desired), refs(observed), expected=())
    assert {d.component for d in unexpected} == {d.component for d in there if d.observed is not None}
