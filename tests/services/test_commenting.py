"""Comments on the components of a request: pinned to a revision, settled by whom they are for, never lost."""

from __future__ import annotations

import pytest
from support.exports import V1, V2, tabs
from support.scene import Scene, content

from store.domain.commenting import LONGEST
from store.domain.notifications import notices
from store.domain.policy import Policy
from store.errors import BadInput, NotFound, Refusal
from store.services.context import recorded
from store.services.requests import commenting, requests
from store.services.requests.review import review
from store.services.triage import triage


@pytest.fixture
def request_id(scene: Scene) -> str:
    scene.live(V1)
    scene.ingest(V2)
    return scene.submitted()


def test_a_comment_is_signed_and_names_revision_component_and_artifact(scene: Scene, request_id: str) -> None:
    entry = commenting.comment(scene.context, scene.dana, request_id, "intake", "why an array?")
    change = requests.change_of(scene.context.ledger, request_id)
    (found,) = commenting.of_request(scene.context.ledger, request_id)
    assert entry.signature is not None
    assert (found.actor, found.text, found.component, found.name) == ("dana", "why an array?", "tab-intake", "intake")
    assert found.digest == change.digest
    with scene.context.ledger.reading() as connection:
        from store.services.releases import load

        part = load(connection, change.target.manifest).by_id["tab-intake"]
    assert (found.component_digest, found.artifact) == (part.digest, part.artifact)
    assert entry.statement.data["requester"] == "cy"


def test_a_comment_on_an_earlier_revision_stays_and_says_which_it_was(scene: Scene, request_id: str) -> None:
    commenting.comment(scene.context, scene.dana, request_id, "tab-intake", "why?")
    requests.edit(scene.context, scene.cy, request_id, content=content(why="more"))
    (found,) = review(scene.context, request_id, "dana").comments
    assert found.digest != requests.change_of(scene.context.ledger, request_id).digest


def test_a_component_that_the_request_removes_can_be_commented_on(scene: Scene) -> None:
    scene.live(V1)
    scene.ingest(tabs(intake="return msg;"))
    request = scene.submitted()
    entry = commenting.comment(scene.context, scene.dana, request, "refunds", "who does it now?")
    assert entry.statement.data["component"] == "tab-refunds"


def test_what_names_no_component_is_refused_with_those_there_are(scene: Scene, request_id: str) -> None:
    before = scene.size
    with pytest.raises(NotFound, match=r"no component 'nonsense'.*intake \(tab-intake\)"):
        commenting.comment(scene.context, scene.dana, request_id, "nonsense", "why?")
    for words in ("", "  \n", "x" * (LONGEST + 1)):
        with pytest.raises(BadInput):
            commenting.comment(scene.context, scene.dana, request_id, "intake", words)
    with pytest.raises(NotFound, match="no request"):
        commenting.comment(scene.context, scene.dana, "CR-9999", "intake", "why?")
    assert scene.size == before


def test_a_decided_request_takes_no_more_comments(scene: Scene) -> None:
    request = scene.live(V1)
    with pytest.raises(Refusal, match="is live") as refused:
        commenting.comment(scene.context, scene.dana, request, "intake", "late")
    assert f"quarterdeck annotate {request}" in str(refused.value.would_unblock)
    assert commenting.blocked(scene.context, request, "dana")
    assert commenting.blocked(scene.context, request, None)


def test_the_requester_cannot_settle_what_was_said_about_their_request(scene: Scene, request_id: str) -> None:
    seq = commenting.comment(scene.context, scene.dana, request_id, "intake", "why?").seq
    with pytest.raises(Refusal, match="separation of duties") as refused:
        commenting.resolve(scene.context, scene.cy, request_id, seq)
    assert "dana settles it" in str(refused.value.would_unblock)
    with pytest.raises(Refusal, match="alice may not approve"):
        commenting.resolve(scene.context, scene.alice, request_id, seq)
    assert commenting.resolvable(scene.context, request_id, "cy") == frozenset()
    assert commenting.resolvable(scene.context, request_id, "bo") == {seq}
    commenting.resolve(scene.context, scene.bo, request_id, seq, note="it is what the node wants")
    (found,) = commenting.of_request(scene.context.ledger, request_id)
    assert found.resolved is not None
    assert (found.resolved.actor, found.resolved.note) == ("bo", "it is what the node wants")
    with pytest.raises(Refusal, match="bo settled that already"):
        commenting.resolve(scene.context, scene.dana, request_id, seq)


def test_the_requester_settles_what_they_said_themselves(scene: Scene, request_id: str) -> None:
    seq = commenting.comment(scene.context, scene.cy, request_id, "intake", "note to myself").seq
    commenting.resolve(scene.context, scene.cy, request_id, seq)
    assert commenting.of_request(scene.context.ledger, request_id)[0].resolved is not None


def test_only_a_comment_of_this_request_can_be_settled(scene: Scene, request_id: str) -> None:
    with pytest.raises(NotFound, match="entry 1 is no comment"):
        commenting.resolve(scene.context, scene.dana, request_id, 1)


def test_a_secret_in_a_comment_is_not_kept(scene: Scene, request_id: str) -> None:
    token = "ghp_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"
    commenting.comment(scene.context, scene.dana, request_id, "intake", f"I tried it with {token}")
    (found,) = commenting.of_request(scene.context.ledger, request_id)
    assert token not in found.text


def test_the_requester_is_told_on_every_channel_and_at_home_until_it_is_settled(scene: Scene, request_id: str) -> None:
    entry = commenting.comment(scene.context, scene.dana, request_id, "intake", "why an array?")
    (record,) = recorded([entry])
    (notice,) = notices(record, policy=Policy(), channels=("ops",), ledger="here")
    assert "comment: why an array?" in notice.body
    assert "requester: cy" in notice.body

    def told(who: str) -> list[bool]:
        items = triage.overview(scene.context, who).items
        return [item.mine for item in items if item.kind == "comment"]

    assert told("cy") == [True]
    assert told("bo") == [False]
    commenting.resolve(scene.context, scene.dana, request_id, entry.seq)
    assert told("cy") == []
