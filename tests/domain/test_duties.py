"""When something is pressing, and when its people hear of it: rules on values."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from store.clock import parse_timestamp, timestamp
from store.domain import events as ev
from store.domain.duties import Duty, State, Told, heard, ranked, reminders, state_of

NOW = "2026-03-02T12:00:00.000Z"
ONE = Duty(
    key="FND-0001", kind="finding", what="keys are shared", severity="high", state=State.OVERDUE, since=NOW, due=NOW,
    who=("aud",), command="quarterdeck finding close FND-0001 --done TEXT", mark="finding:1",
)  # fmt: skip


def later(**amount: float) -> str:
    return timestamp(parse_timestamp(NOW) + timedelta(**amount))


@pytest.mark.parametrize(
    ("due", "state"),
    [
        (later(days=4), State.OWED),
        (later(days=3), State.SOON),
        (later(seconds=1), State.SOON),
        (NOW, State.OVERDUE),
        (later(days=-1), State.OVERDUE),
        ("2026-03-02T13:00:00+01:00", State.OVERDUE),
        ("never", State.OVERDUE),
        ("", State.OVERDUE),
    ],
)
def test_how_pressing_it_is_goes_by_the_instant_however_it_is_written(due: str, state: State) -> None:
    assert state_of(due, NOW) is state


def test_the_most_pressing_comes_first() -> None:
    duties = [
        replace(ONE, key="c", state=State.OWED),
        replace(ONE, key="b", state=State.SOON),
        replace(ONE, key="a2", due=later(days=-1)),
        replace(ONE, key="a1", due=later(days=-9)),
        replace(ONE, key="a3", due=None),
        replace(ONE, key="d", state=State.ENDED),
    ]
    assert [one.key for one in ranked(duties)] == ["a1", "a2", "a3", "b", "c", "d"]


def test_within_a_day_nobody_hears_of_the_same_thing_twice() -> None:
    told = {ONE.mark: Told(overdue=NOW)}
    assert reminders([ONE], told, at=later(hours=23)) == ()
    (again,) = reminders([ONE], told, at=later(hours=24))
    assert isinstance(again, ev.FindingOverdue)
    assert reminders([ONE], {}, at=NOW) != ()


def test_what_nobody_has_to_do_or_has_no_day_reminds_of_nothing() -> None:
    quiet = [replace(ONE, due=None), replace(ONE, reminds=False), replace(ONE, state=State.OWED)]
    quiet.append(replace(ONE, state=State.ENDED))
    assert reminders(quiet, {}, at=NOW) == ()


def test_a_day_or_a_time_that_cannot_be_read_neither_crashes_nor_floods() -> None:
    odd = replace(ONE, due="never")
    assert len(reminders([odd], {}, at=NOW)) == 1
    assert reminders([odd], {ONE.mark: Told(overdue=NOW)}, at=later(hours=1)) == ()


def test_raising_a_finding_counts_as_hearing_of_its_duty() -> None:
    raised = ev.FindingRaised(
        finding="FND-0001", title="t", severity="high", source="overdue-review", due=NOW, duty="glass:BG-0001"
    )
    (soon,) = reminders([replace(ONE, kind="glass-review", state=State.SOON, mark="glass:BG-0001")], {}, at=NOW)
    records = [ev.Recorded(seq=seq, time=NOW, actor="system", event=one) for seq, one in enumerate((soon, raised))]
    assert heard(records) == {"glass:BG-0001": Told(soon=NOW, overdue=NOW)}


def test_a_title_of_any_length_fits_into_an_entry() -> None:
    (event,) = reminders([replace(ONE, what="x" * 100_000, who=tuple(f"p{n}" for n in range(5000)))], {}, at=NOW)
    assert isinstance(event, ev.FindingOverdue)
    assert len(event.title) <= 300
    assert len(event.who) <= 12
