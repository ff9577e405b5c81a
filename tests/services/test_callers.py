"""Which of the agent's keys is taken, and what is said while a security key waits."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest
from support.fido import SoftwareFido
from support.scene import Scene
from support.ssh_agents import playing_agent

from store.domain.policy import Policy
from store.errors import BadInput, IntegrityFailure
from store.integrity.agent import AgentSigner
from store.integrity.sshkey import PublicKey
from store.services.identity import callers, people
from store.services.identity.people import bare_line
from store.services.requests import approving


def nothing(_: bytes) -> None:
    return None


def test_a_security_key_is_taken_where_policy_wants_one_and_its_owner_is_told_to_touch_it(scene: Scene) -> None:
    fido = SoftwareFido()
    people.add_key(scene.context, scene.alice, "dana", bare_line(fido.public))
    scene.ingest()
    request, told = scene.submitted(), list[PublicKey]()
    with playing_agent({scene.dana.signer.public: nothing, fido.public: fido.answer}) as agent:
        usual = callers.by_agent(scene.context, agent.socket)
        assert (usual.handle, usual.signer.public) == ("dana", scene.dana.signer.public)
        strict = scene.context.under(Policy(approval_touch=True))
        actor = callers.by_agent(strict, agent.socket, announce=told.append)
        assert actor.signer.public == fido.public
        assert told == [], "choosing asks for no touch"
        approving.approve(strict, actor, request)
    assert told == [fido.public]


def test_a_touch_that_never_comes_is_a_clear_line_and_nothing_is_recorded(scene: Scene) -> None:
    def asleep(asked: bytes) -> bytes:
        time.sleep(1)
        return fido.answer(asked)

    fido = SoftwareFido()
    people.add_key(scene.context, scene.alice, "dana", bare_line(fido.public))
    scene.ingest()
    request = scene.submitted()
    before = scene.size
    with playing_agent({fido.public: asleep}) as agent:
        slow = replace(scene.dana, signer=AgentSigner(agent.socket, fido.public, seconds=0.2))
        with pytest.raises(BadInput, match=r"within 0\.2 seconds: SHA256:.* was not touched in time"):
            approving.approve(scene.context, slow, request)
        time.sleep(1)
    with playing_agent({fido.public: nothing}) as agent:
        refusing = replace(scene.dana, signer=AgentSigner(agent.socket, fido.public))
        with pytest.raises(BadInput, match="not touched, a wrong PIN, or the device is not plugged in"):
            approving.approve(scene.context, refusing, request)
    assert scene.size == before


def test_a_signer_that_returns_something_else_is_found_out_whatever_it_claims(scene: Scene) -> None:
    """Not only the agent's client checks: no signature is recorded that verification would not take."""
    scene.ingest()
    request = scene.submitted()
    before = scene.size

    class Careless:
        via, public = "agent", scene.dana.signer.public

        def sign(self, message: bytes) -> bytes:
            return scene.dana.signer.sign(message + b" ")

    with pytest.raises(IntegrityFailure, match="over something else"):
        approving.approve(scene.context, replace(scene.dana, signer=Careless()), request)
    assert scene.size == before
