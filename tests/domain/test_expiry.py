"""What is given for a time ends at its instant, not a moment later: broken glass, exceptions, and its reviews."""

from __future__ import annotations

from store.domain.glass import Glass
from store.domain.waiving import Waiver

BEFORE, END, AFTER = "2026-03-02T11:59:59.999Z", "2026-03-02T12:00:00.000Z", "2026-03-02T12:00:00.001Z"


def test_broken_glass_ends_at_its_instant() -> None:
    glass = Glass(
        id="BG-0001", incident="INC-0001", by="fay", environment="prod", project=None, justification="fire", seq=7,
        at="2026-03-02T10:00:00.000Z", until=END, review_due=END,
    )  # fmt: skip
    assert [glass.stands(at) for at in (BEFORE, END, AFTER)] == [True, False, False]
    assert [glass.overdue(at) for at in (BEFORE, END, AFTER)] == [False, True, True]


def test_an_exception_ends_at_its_instant_whatever_zone_it_was_named_in() -> None:
    for end in (END, "2026-03-02T13:00:00+01:00"):
        waiver = Waiver(
            id="EX-0001", gate="tests-passed", project="orders", environment="prod", request=None, digest=None,
            justification="j", accepted="a", by="dana", at="2026-03-02T10:00:00.000Z", expires=end, seq=7,
        )  # fmt: skip
        assert [waiver.state(at) for at in (BEFORE, END, AFTER)] == ["stands", "expired", "expired"]
