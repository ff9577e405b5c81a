"""Test data is recorded for a request by who may ask for it, without secrets, and shows wherever the request does."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from support.exports import V1
from support.scene import Scene

from console.presentation.reviews import fact_lines
from console.presentation.spans import plain
from store.errors import BadInput, NotFound, Refusal
from store.integrity.entry import Entry
from store.services.context import Actor
from store.services.explaining.explain import explain
from store.services.lineage import lineage
from store.services.requests import requests, testdata
from store.services.requests.review import review


def add(scene: Scene, request: str, by: Actor | None = None, **said: object) -> Entry:
    words = {"handling": "scrubbed", "what": "orders of May", "where": "staging.orders", "records": 120,
             "masking": "names hashed"}  # fmt: skip
    return testdata.add(scene.context, by or scene.cy, request, **(words | said))


def test_a_record_shows_in_review_lineage_and_explanation_with_its_entry(scene: Scene) -> None:
    scene.ingest(V1)
    request = scene.submitted()
    entry = add(scene, request)
    assert entry.signature is not None
    seen = review(scene.context, request, "dana")
    assert [row.seq for row in seen.data] == [entry.seq]
    shown = "\n".join(plain(words) for words in fact_lines(seen, datetime(2026, 3, 2, tzinfo=UTC)))
    assert "120 records scrubbed: orders of May, in staging.orders" in " ".join(shown.split())
    nodes = [node for node in lineage.of(scene.context, request).children if node.kind == "test data"]
    assert [node.seq for node in nodes] == [entry.seq]
    told = next(one for one in explain(scene.context, request).sections if one.id == "tests").facts
    assert (entry.seq, "scrubbed") in {(fact.seq, fact.state) for fact in told}


def test_it_changes_nothing_about_what_was_approved(scene: Scene) -> None:
    scene.ingest(V1)
    request = scene.approved()
    before = requests.change_of(scene.context.ledger, request)
    add(scene, request)
    assert requests.change_of(scene.context.ledger, request) == before
    assert scene.deploy(request).verified


@pytest.mark.parametrize(
    ("said", "complaint"),
    [
        ({"handling": "borrowed"}, "created, transformed, scrubbed"),
        ({"masking": " "}, "--masking"),
        ({"what": ""}, "--what"),
        ({"where": " "}, "--where"),
        ({"records": -1}, "no number of records"),
        ({"what": "x" * 2001}, "more than 2000"),
        ({"done_at": "yesterday"}, "is no time"),
        ({"done_at": "2999-01-01T00:00:00Z"}, "has not come yet"),
    ],
)
def test_what_cannot_be_is_refused_with_what_to_say(scene: Scene, said: dict[str, object], complaint: str) -> None:
    scene.ingest(V1)
    request, size = scene.open(), scene.size
    with pytest.raises(BadInput, match=complaint):
        add(scene, request, **said)
    assert scene.size == size


def test_made_up_data_needs_no_masking(scene: Scene) -> None:
    scene.ingest(V1)
    entry = add(scene, scene.open(), handling="created", masking="")
    assert entry.statement.data["handling"] == "created"


def test_who_may_not_ask_for_a_change_may_not_vouch_for_its_test_data(scene: Scene) -> None:
    scene.ingest(V1)
    request = scene.open()
    with pytest.raises(Refusal, match="may not open a request"):
        add(scene, request, scene.enrol("eve", "auditor"))
    with pytest.raises(NotFound):
        add(scene, "CR-4711")
    requests.withdraw(scene.context, scene.cy, request, reason="no")
    with pytest.raises(Refusal, match="withdrawn"):
        add(scene, request)


def test_a_secret_in_the_words_never_reaches_the_ledger(scene: Scene) -> None:
    scene.ingest(V1)
    token = "ghp_" + "a1B2" * 9
    entry = add(scene, scene.open(), what=f"orders read with {token}", masking=f"hashed with {token}")
    assert token.encode() not in entry.body
