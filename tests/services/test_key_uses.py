"""Every use of one's keys, straight from the log: nothing signed by them stays unseen."""

from __future__ import annotations

import pytest
from support.keyring import new_key
from support.scene import Scene
from support.tampering import smuggle

from store.domain import events as ev
from store.errors import NotFound
from store.services.acting import statement_of
from store.services.context import Actor
from store.services.identity import keys, people
from store.services.identity.people import bare_line


def test_all_acts_are_listed_with_the_key_that_signed_them(scene: Scene) -> None:
    scene.ingest()
    request = scene.approved()
    second = Actor(handle="dana", signer=new_key(scene.keys / "second" / str(scene.size)))
    people.add_key(scene.context, scene.alice, "dana", bare_line(second.signer.public))
    people.revoke_key(scene.context, scene.alice, "dana", scene.dana.signer.public.fingerprint, reason="lost")
    scene.approved(by=[second])
    found = list(keys.uses(scene.context, "dana"))
    assert [(use.kind, use.fingerprint, use.via, use.problem) for use in found] == [
        ("approval.granted", scene.dana.signer.public.fingerprint, "key file", ""),
        ("approval.granted", second.signer.public.fingerprint, "key file", ""),
    ]
    assert request in found[0].on
    mine = list(keys.uses(scene.context, "alice"))
    signed = [entry for entry in scene.entries() if entry.statement.actor == "alice"]
    assert [use.seq for use in mine] == [entry.seq for entry in signed]
    assert not any(use.problem for use in mine), "the first admin vouches for itself"


def test_a_use_that_its_owner_cannot_have_meant_stands_out(scene: Scene) -> None:
    dana = scene.dana.signer
    people.revoke_key(scene.context, scene.alice, "dana", dana.public.fingerprint, reason="stolen")
    late = statement_of(scene.context, ev.RoleGranted(principal="dana", grant=ev.Grant(role="admin")), "dana")
    smuggle(scene.context, late, dana.sign(late.bytes()))
    posing = statement_of(scene.context, ev.RoleGranted(principal="dana", grant=ev.Grant(role="operator")), "alice")
    smuggle(scene.context, posing, dana.sign(posing.bytes()))
    first, second = keys.uses(scene.context, "dana")
    assert "had no valid key at entry" in first.problem
    assert second.problem == "the entry says alice acted, with a key of dana"


def test_nobody_has_no_uses(scene: Scene) -> None:
    with pytest.raises(NotFound, match="eve is not a principal"):
        list(keys.uses(scene.context, "eve"))
