from __future__ import annotations

from collections.abc import Callable

import pytest
from support.exports import TAMPERED, V1, V2
from support.scene import CAST, Scene, content

from store.domain import events as ev
from store.errors import QuarterdeckError, Refusal
from store.projections import requests as rows
from store.services.delivery import deploying, environments
from store.services.history import replay
from store.services.history.history import Instant
from store.services.lineage import lineage
from store.services.requests import approving, requests
from store.services.requests.review import review
from store.services.triage import triage

SITUATIONS: dict[str, Callable[[Scene], object]] = {
    "draft": lambda s: s.open(),
    "in review": lambda s: s.submitted(),
    "half approved": lambda s: approving.approve(s.context, s.dana, s.submitted(risk="high")),
    "approved": lambda s: s.approved(),
    "frozen": lambda s: (s.approved(), environments.freeze(s.context, s.alice, "prod", reason="audit")),
    "edited by bo": lambda s: (
        requests.edit(s.context, s.bo, s.open(), content=content(why="x")),
        requests.submit(s.context, s.cy, "CR-0001"),
    ),
    "refused": lambda s: approving.refuse(s.context, s.dana, s.submitted(), reason="no"),
    "live": lambda s: s.deploy(s.approved()),
}


@pytest.mark.parametrize("situation", SITUATIONS)
@pytest.mark.parametrize("handle", [*CAST, "stranger"])
def test_what_the_review_says_is_blocked_is_what_the_service_refuses(scene: Scene, situation: str, handle: str) -> None:
    scene.ingest(V1)
    SITUATIONS[situation](scene)
    seen = review(scene.context, "CR-0001", handle)
    refused = {}
    for name, act in {"deploy": deploying.deploy, "approve": approving.approve}.items():
        try:
            act(scene.context, scene.actor(handle), "CR-0001")
        except Refusal as refusal:
            refused[name] = refusal.reasons
    assert seen.deploy_blocked == refused.get("deploy", ())
    if "deploy" in refused:  # otherwise it is live by now
        assert seen.approve_blocked == refused.get("approve", ())


def test_the_list_and_the_folded_request_agree_until_it_is_live(scene: Scene) -> None:
    scene.ingest(V1)
    for situation in ("draft", "in review", "half approved", "approved"):
        SITUATIONS[situation](scene)
    with scene.context.ledger.reading() as connection:
        for row in rows.listing(connection):
            assert row.state == scene.state(row.id)


def test_the_home_screen_names_what_needs_somebody_and_for_whom(scene: Scene) -> None:
    scene.live(V1)
    scene.ingest(V2)
    scene.submitted(risk="high")
    scene.observe(TAMPERED)
    found = {item.key: item for item in triage.overview(scene.context, "bo").items}
    assert {"DR-0001", "CR-0002"} <= set(found)
    assert found["DR-0001"].mine
    assert found["CR-0002"].mine
    of_cy = {item.key: item.mine for item in triage.overview(scene.context, "cy").items}
    assert not of_cy["DR-0001"]
    assert not of_cy["CR-0002"]


def test_a_lineage_tells_voided_approvals_from_standing_ones(scene: Scene) -> None:
    scene.ingest(V1)
    request = scene.approved()
    requests.edit(scene.context, scene.cy, request, content=content(why="more"))
    requests.edit(scene.context, scene.cy, request, content=content())
    requests.submit(scene.context, scene.cy, request)
    approving.approve(scene.context, scene.bo, request)
    tree = lineage.of(scene.context, request)
    states = {node.title: node.state for node in tree.children if node.kind == "approval"}
    assert states == {"dana": "void (the request changed)", "bo": "approved"}


def test_every_instant_of_the_replay_counts_the_drifts_that_stood(scene: Scene) -> None:
    scene.live(V1)
    scene.observe(TAMPERED)
    scene.observe(V1)
    for seq in range(scene.size + 1):
        standing = set()
        for entry in scene.entries():
            if entry.seq <= seq and entry.statement.kind == "drift.opened":
                standing.add(entry.statement.on["drift"])
            if entry.seq <= seq and entry.statement.kind == "drift.resolved":
                standing.discard(entry.statement.on["drift"])
        rows_ = replay.standings(scene.context, Instant(seq=seq, time=""))
        assert sum(row.drifts for row in rows_) == len(standing)


@pytest.mark.parametrize("subject", ["", "CR-0099", "zz", "%", "'; DROP TABLE request; --", "\x00"])
def test_a_lineage_of_nothing_is_not_found(scene: Scene, subject: str) -> None:
    scene.live(V1)
    with pytest.raises(QuarterdeckError):
        lineage.of(scene.context, subject)
    assert isinstance(scene.last("deployment.verified"), ev.DeploymentVerified)
