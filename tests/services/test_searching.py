from __future__ import annotations

from datetime import UTC, datetime

import pytest
from support.scene import Scene

from store.errors import BadInput
from store.services.history import history, searching
from store.services.history.history import Query
from store.services.history.searching import Damaged, parse

NOW = datetime(2026, 11, 23, 14, 2, tzinfo=UTC)


def asked(text: str) -> Query:
    return parse(text, now=NOW)


def found(scene: Scene, text: str) -> list[int]:
    size = scene.context.ledger.head().size
    return [seq for step in searching.search(scene.context, asked(text), size=size) for seq in step.seqs]


def test_nothing_typed_asks_for_everything() -> None:
    assert searching.is_everything(asked(""))
    assert searching.is_everything(asked("   "))
    assert not searching.is_everything(asked("x"))


def test_fields_and_free_text_stand_in_any_order() -> None:
    assert asked("refund actor:bo env:prod project:orders too much") == Query(
        actor="bo", environment="prod", project="orders", search="refund too much"
    )


def test_a_noun_stands_for_all_its_kinds_and_an_unknown_kind_for_itself() -> None:
    assert asked("kind:approval").kinds == ("approval.granted", "approval.refused")
    assert asked("kind:approval.refused,incident.closed").kinds == ("approval.refused", "incident.closed")
    assert asked("kind:future.thing").kinds == ("future.thing",)


def test_times_are_instants_days_or_ages() -> None:
    assert asked("since:2h").since == "2026-11-23T12:02:00.000Z"
    assert asked("since:2026-11-20 until:2026-11-20") == Query(
        since="2026-11-20T00:00:00.000Z", until="2026-11-20T23:59:59.999Z"
    )
    assert asked("until:2026-11-20T10:00+01:00").until == "2026-11-20T09:00:00.000Z"


def test_quotes_and_addresses_are_plain_text() -> None:
    assert asked('"kind: of"').search == "kind: of"
    assert asked("https://example.com/x").search == "https://example.com/x"
    assert asked('project:"two words"').project == "two words"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("colour:red", "no field is called colour"),
        ("kind:", "needs a value"),
        ("kind:,", "needs a name"),
        ("env:dev env:prod", "given twice"),
        ("since:yesterday", "is no time"),
        ("since:99999999w", "is no time"),
        ("subject:orders", "is no id"),
    ],
)
def test_what_means_nothing_is_said(text: str, says: str) -> None:
    with pytest.raises(BadInput, match=says):
        asked(text)


def test_a_search_in_steps_finds_what_log_finds(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(searching, "SLICE", 7)
    scene.live()
    for text in ("kind:gate", "actor:bo", "subject:CR-0001", "env:prod kind:request", "orders", "nothing at all"):
        assert found(scene, text) == [entry.seq for entry in history.log(scene.context, asked(text))]


def test_every_step_says_how_far_it_came(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(searching, "SLICE", 3)
    scene.live()
    steps = list(searching.search(scene.context, Query(), size=8, after=1))
    assert [step.reached for step in steps] == [6, 3, 2]
    assert [seq for step in steps for seq in step.seqs] == [8, 7, 6, 5, 4, 3, 2]


def test_a_window_is_read_by_number_newest_first(scene: Scene) -> None:
    entries = searching.window(scene.context, newest=5, count=3)
    assert [entry.seq for entry in entries] == [5, 4, 3]
    assert [entry.seq for entry in searching.window(scene.context, newest=2, count=200)] == [2, 1]
    assert searching.window(scene.context, newest=0, count=10) == []


def test_what_is_missing_stands_in_its_place(scene: Scene) -> None:
    size = scene.context.ledger.head().size
    entries = searching.window(scene.context, newest=size + 2, count=3)
    assert isinstance(entries[0], Damaged)
    assert [entry.seq for entry in entries] == [size + 2, size + 1, size]
    assert "there is no entry" in entries[0].reason
