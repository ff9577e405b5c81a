"""Whoever is refused reads which rule it was and who could do it instead: nobody who would be refused as well."""

from __future__ import annotations

import pytest
from support.scene import Scene

from store.errors import Refusal
from store.services.context import Actor
from store.services.requests import approving, waiving
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
