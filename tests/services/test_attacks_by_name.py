"""Names that are made to be taken for others: refused and recorded, or meaning nobody and nowhere."""

from __future__ import annotations

import pytest
from support.scene import Scene, add_environment

from store.errors import Disguised, NotFound, Refusal
from store.services.delivery import deploying, environments
from store.services.identity import people
from store.services.requests import approving


@pytest.mark.parametrize("name", ["prоd", "PROD\u200b", "ｐｒｏｄ", "ρrod", "prod ", "pröd"])
def test_an_environment_in_disguise_is_refused_and_recorded(scene: Scene, name: str) -> None:
    with scene.refused("is no name here.*made to read like prod", Disguised):
        add_environment(scene.context, scene.alice, name)


@pytest.mark.parametrize("name", ["Prod", "PROD", "pr0d", "prod-", "p.r.o.d"])
def test_an_environment_that_reads_like_another_is_refused_and_recorded(scene: Scene, name: str) -> None:
    with scene.refused(f"{name} reads like prod"):
        add_environment(scene.context, scene.alice, name)
    with pytest.raises(Refusal, match="may not manage environments"):
        add_environment(scene.context, scene.cy, name)


@pytest.mark.parametrize("handle", ["Bo", "bо", "ｂｏ", "bo\u200b", "ḃo", "βo", "SYSTEM"])
def test_an_alias_in_another_case_or_script_is_recorded(scene: Scene, handle: str) -> None:
    with scene.refused("no handle.*made to read like (bo|system)", Disguised):
        people.add(scene.context, scene.alice, handle, key_lines=[], grants=[])


def test_a_request_for_a_place_that_only_looks_like_one_goes_nowhere(scene: Scene) -> None:
    scene.ingest()
    with scene.refused("there is no environment 'pr.u043ed': it is made to read like prod", Disguised):
        scene.open(place="prоd")
    with scene.refused("it is made to read like prod", Disguised):
        environments.freeze(scene.context, scene.alice, "рrod", reason="x")
    with pytest.raises(NotFound, match="there is no environment 'Prod'"):  # a slip, answered and no more
        scene.open(place="Prod")


def test_an_approver_of_a_place_that_looks_alike_is_none_here(scene: Scene) -> None:
    eve = scene.enrol("eve", "approver@orders/prоd", "operator@оrders/prod")
    scene.ingest()
    request = scene.submitted()
    with scene.refused("eve may not approve on orders/prod"):
        approving.approve(scene.context, eve, request)
    approving.approve(scene.context, scene.dana, request)
    with scene.refused("eve may not deploy on orders/prod"):
        deploying.deploy(scene.context, eve, request)
