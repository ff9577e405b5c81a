from __future__ import annotations

import pytest
from support.exports import V1, V2
from support.scene import Scene, add_environment, content

from store.domain.policy.reading import read_policy
from store.errors import BadInput, Refusal
from store.services.delivery import deploying, rollback
from store.services.requests import approving, promoting, requests
from store.services.requests.requests import change_of


def test_a_quarantined_release_neither_deploys_nor_is_promoted_until_it_is_lifted(scene: Scene) -> None:
    add_environment(scene.context, scene.alice, "dev")
    for data in (V1, V2):
        scene.live(data, place="dev")
    second = "CR-0002"
    release = change_of(scene.context.ledger, second).target.release
    promoted = promoting.promote(scene.context, scene.cy, second, to="prod").statement.on["request"]
    rollback.roll_back(scene.context, scene.bo, rollback.plan(scene.context, "dev", "orders"), reason="it hurts")
    with pytest.raises(Refusal, match="not live"):
        promoting.promote(scene.context, scene.cy, second, to="prod")
    requests.submit(scene.context, scene.cy, promoted)
    approving.approve(scene.context, scene.dana, promoted)
    with pytest.raises(Refusal, match="in quarantine: rolled back by bo: it hurts"):
        scene.deploy(promoted)
    scene.ingest(V2, place="prod", name="other-name.json")  # the same release by another way
    again = scene.approved(place="prod")
    with pytest.raises(Refusal, match="in quarantine"):
        scene.deploy(again)
    rollback.lift_quarantine(scene.context, scene.alice, "orders", release[:8], reason="found the cause")
    assert scene.deploy(promoted).verified


def test_a_release_quarantined_while_live_elsewhere_is_not_promoted_from_there(scene: Scene) -> None:
    add_environment(scene.context, scene.alice, "dev")
    add_environment(scene.context, scene.alice, "test")
    for place in ("dev", "test"):
        scene.live(V1, place=place)
        scene.live(V2, place=place)
    rollback.roll_back(scene.context, scene.bo, rollback.plan(scene.context, "test", "orders"), reason="it hurts")
    with pytest.raises(Refusal, match="in quarantine"):
        promoting.promote(scene.context, scene.cy, "CR-0002", to="prod")


def test_a_promotion_goes_on_as_another_kind_of_change_where_its_own_is_not_for_the_environment(scene: Scene) -> None:
    for place in ("dev", "test"):
        add_environment(scene.context, scene.alice, place)
    ours = '[templates.ours]\ntitle = "Ours"\nenvironments = ["dev", "test"]\n'
    context = scene.context.under(read_policy({"policy.toml": ours}))
    scene.ingest(V1, place="dev")
    opened = {"project": "orders", "content": content(template="ours", what="more", impact="the shop")}
    request = requests.open_request(context, scene.cy, environment="dev", **opened).statement.on["request"]
    for place in ("dev", "test"):
        if place != "dev":
            request = promoting.promote(context, scene.cy, request, to=place).statement.on["request"]
        requests.submit(context, scene.cy, request)
        approving.approve(context, scene.dana, request)
        deploying.deploy(context, scene.bo, request)
    with pytest.raises(BadInput, match="ours is for dev, test, not for prod: name another"):
        promoting.promote(context, scene.cy, request, to="prod")
    entry = promoting.promote(context, scene.cy, request, to="prod", template="emergency-fix")
    stated = change_of(context.ledger, entry.statement.on["request"]).content
    assert (stated.template, stated.title) == ("emergency-fix", "Change orders (promoted from test)")


def test_a_promotion_carries_the_same_release_and_needs_its_own_approval(scene: Scene) -> None:
    add_environment(scene.context, scene.alice, "dev")
    request = scene.live(V1, place="dev")
    promoted = promoting.promote(scene.context, scene.cy, request, to="prod").statement.on["request"]
    old, new = (change_of(scene.context.ledger, name) for name in (request, promoted))
    assert old.target == new.target
    assert old.digest != new.digest
    requests.submit(scene.context, scene.cy, promoted)
    with pytest.raises(Refusal, match="not approved: 0 of 1"):
        scene.deploy(promoted)
