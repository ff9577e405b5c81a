"""Whoever is refused reads which rule it was and who could do it instead: nobody who would be refused as well."""

from __future__ import annotations

import pytest
from support.exports import TAMPERED, V1, V2
from support.scene import Scene, add_environment

from store.errors import Refusal
from store.services.context import Actor
from store.services.requests import approving, promoting, waiving
from store.services.requests.waiving import Scope


def test_who_requested_it_is_never_named_as_who_could_approve_it(scene: Scene) -> None:
    scene.ingest()
    request = scene.submitted(scene.bo)
    with pytest.raises(Refusal, match="cy may not approve") as told:
        approving.approve(scene.context, scene.cy, request)
    assert told.value.would_unblock == ("dana could do it",)


def test_who_approved_already_is_not_named_again(scene: Scene) -> None:
    scene.ingest()
    request = scene.submitted(risk="high")
    approving.approve(scene.context, scene.bo, request)
    with pytest.raises(Refusal, match="bo has approved CR-0001 already") as told:
        approving.approve(scene.context, scene.bo, request)
    assert told.value.would_unblock == ("dana could do it",)
    with pytest.raises(Refusal, match="1 of 2 approvals") as refused:
        scene.deploy(request)
    assert refused.value.would_unblock == ("quarterdeck approve CR-0001, by dana",)


def test_who_may_not_deploy_reads_who_may_and_is_barred_by_nothing(scene: Scene) -> None:
    scene.ingest()
    olaf = scene.enrol("olaf", "operator")
    request = scene.approved(by=[scene.dana])
    with pytest.raises(Refusal, match="cy may not deploy") as told:
        scene.deploy(request, scene.cy)
    assert told.value.would_unblock == (f"bo, {olaf.handle} could do it",)


def test_an_exception_that_nobody_may_grant_or_that_is_too_long_names_no_person(scene: Scene) -> None:
    scene.ingest()
    request = scene.submitted()
    scope = Scope(request=request)

    def grant(by: Actor, gate: str, days: int) -> None:
        waiving.grant(scene.context, by, gate, scope=scope, justification="urgent", accepted="a risk", days=days)

    with pytest.raises(Refusal, match="never waived") as never:
        grant(scene.dana, "approvals", 3)
    assert never.value.would_unblock == ("make approvals pass: policy lets nobody waive it",)
    with pytest.raises(Refusal, match="30 days at most") as long:
        grant(scene.dana, "naming", 31)
    assert long.value.would_unblock == ("let it end within 30 days, and grant another when it has ended",)
    with pytest.raises(Refusal, match="it needs the role security-approver or admin") as no_role:
        grant(scene.bo, "naming", 3)
    assert no_role.value.would_unblock == ("alice, dana could do it",)


def test_what_was_rolled_back_is_not_said_to_be_deployed_for_its_promotion(scene: Scene) -> None:
    add_environment(scene.context, scene.alice, "dev")
    first, second = scene.live(V1, place="dev"), scene.live(V2, place="dev")
    with pytest.raises(Refusal, match=f"{first} is not live in dev") as told:
        promoting.promote(scene.context, scene.cy, first, to="prod")
    assert told.value.would_unblock == ("promote the request that is live in dev",)
    scene.ingest(TAMPERED, place="dev")
    third = scene.submitted(place="dev")
    with pytest.raises(Refusal, match=f"{third} is not live in dev") as coming:
        promoting.promote(scene.context, scene.cy, third, to="prod")
    assert coming.value.would_unblock == (f"quarterdeck deploy {third}",)
    assert promoting.promote(scene.context, scene.cy, second, to="prod")
