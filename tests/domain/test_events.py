from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any, get_args, get_origin, get_type_hints

import pytest

from store.domain import events as ev
from store.domain.events import EVENTS
from store.errors import IntegrityFailure
from store.integrity.canonical import entry_bytes
from store.integrity.strict_json import parse

OBSERVED = {
    "ledger.opened",
    "artifact.ingested",
    "artifact.refused",
    "attempt.refused",
    "configuration.observed",
    "modules.observed",
    "history.imported",
    "artifact.deletion-imported",
    "gate.evaluated",
    "policy.proposed",
    "risk.assessed",
    "deployment.verified",
    "deployment.failed",
    "deployment.undone",
    "revert.started",
    "anomaly.noticed",
    "request.escalated",
    "rehearsal.returning",
    "rollback.rehearsed",
    "enforcement.halted",
    "release.quarantined",
    "drift.opened",
    "drift.changed",
    "drift.resolved",
    "finding.raised",
    "finding.overdue",
    "duty.due-soon",
    "duty.overdue",
}
"""What quarterdeck notes by itself. Everything else is an act of a person (docs/integrity.md) and must be signed."""


def example(kind: Any, name: str, *, full: bool) -> Any:
    """Return a value of a field's type; with `full` also of what may be left out."""
    origin, inner = get_origin(kind), get_args(kind)
    if type(None) in inner:
        return example(inner[0], name, full=full) if full else None
    if origin is tuple:
        return (example(inner[0], name, full=full),) if full else ()
    if origin is Mapping or (isinstance(origin, type) and issubclass(origin, Mapping)):
        return {"a": "b"} if full else {}
    if dataclasses.is_dataclass(kind) and isinstance(kind, type):
        return build(kind, full=full)
    return {str: f"<{name}>", int: 7, bool: True}[kind]


def build(kind: type, *, full: bool) -> Any:
    hints = get_type_hints(kind)
    return kind(**{f.name: example(hints[f.name], f.name, full=full) for f in dataclasses.fields(kind)})


def carried(event: ev.Event) -> ev.Event:
    """Return the event after its way into bytes and back."""
    on, data = ev.to_parts(event)
    plain: Any = parse(entry_bytes({"on": on, "data": data})).value
    return ev.decode(event.KIND, plain["on"], plain["data"])


def test_exactly_the_acts_of_people_must_be_signed() -> None:
    assert {kind for kind, event in EVENTS.items() if not event.SIGNED} == OBSERVED


@pytest.mark.parametrize("full", [True, False])
@pytest.mark.parametrize("kind", EVENTS)
def test_every_event_comes_back_from_its_bytes_as_it_went(kind: str, full: bool) -> None:
    event = build(EVENTS[kind], full=full)
    assert carried(event) == event


@pytest.mark.parametrize("kind", EVENTS)
def test_what_an_event_is_about_are_fields_of_its_own(kind: str) -> None:
    event = EVENTS[kind]
    assert set(event.ON) <= {field.name for field in dataclasses.fields(event)}
    on, data = ev.to_parts(build(event, full=True))
    assert set(on) == set(event.ON)
    assert not set(on) & set(data)


@pytest.mark.parametrize("kind", EVENTS)
def test_a_field_that_is_missing_or_of_another_type_is_named(kind: str) -> None:
    on, data = ev.to_parts(build(EVENTS[kind], full=True))
    required = {
        field.name
        for field in dataclasses.fields(EVENTS[kind])
        if field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
    }
    for part in (on, data):
        for name in part:
            rest = {key: value for key, value in part.items() if key != name}
            if name in required:
                with pytest.raises(IntegrityFailure, match=name):
                    ev.decode(kind, *((rest, data) if part is on else (on, rest)))
            odds: list[Any] = [None, 1.5, [[]], {"": {}}]
            for odd in odds:
                wrong: Any = {**part, name: odd}
                with pytest.raises(IntegrityFailure):
                    ev.decode(kind, *((wrong, data) if part is on else (on, wrong)))


@pytest.mark.parametrize("kind", EVENTS)
def test_an_event_holds_fields_and_nothing_that_only_its_constructor_would_make(kind: str) -> None:
    """Reading fills an event without it."""
    cls = EVENTS[kind]
    assert not hasattr(cls, "__post_init__")
    assert not any(vars(base).get("__slots__") for base in cls.__mro__)
    assert all(field.default_factory is dataclasses.MISSING for field in dataclasses.fields(cls))


def test_a_truth_is_no_number_and_a_number_no_truth() -> None:
    on, data = ev.to_parts(build(EVENTS["gate.evaluated"], full=True))
    with pytest.raises(IntegrityFailure, match="passed"):
        ev.decode("gate.evaluated", on, {**data, "passed": 1})
    on, data = ev.to_parts(build(EVENTS["incident.opened"], full=True))
    with pytest.raises(IntegrityFailure, match="at_seq"):
        ev.decode("incident.opened", on, {**data, "at_seq": True})


def test_what_an_event_is_about_cannot_be_hidden_in_its_data() -> None:
    """Entries are found by `on`; a request named only in `data` would be shown and never be found."""
    on, data = ev.to_parts(build(EVENTS["approval.granted"], full=True))
    rest = {key: value for key, value in on.items() if key != "request"}
    with pytest.raises(IntegrityFailure, match="request"):
        ev.decode("approval.granted", rest, {**data, "request": "CR-0001"})


def test_fields_from_the_future_are_passed_over() -> None:
    event = build(EVENTS["environment.frozen"], full=True)
    on, data = ev.to_parts(event)
    assert ev.decode("environment.frozen", {**on, "moon": "full"}, {**data, "tide": 3}) == event


def test_a_kind_from_the_future_is_kept_as_it_is() -> None:
    found = ev.decode("moon.landed", {"request": "CR-0001"}, {"crew": 3})
    assert found == ev.Unknown(kind="moon.landed", on={"request": "CR-0001"}, data={"crew": 3})
