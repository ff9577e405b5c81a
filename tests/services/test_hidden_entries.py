from __future__ import annotations

from support.scene import Scene
from support.tampering import hide

from store.ledger.report import Verdict
from store.services.audit import verifying
from store.services.audit.verifying import Scope
from store.services.identity import people


def test_an_entry_that_an_index_hides_is_noticed(scene: Scene) -> None:
    """Decisions look entries up by kind: a revoked key would count again, and every byte of the chain is whole."""
    fingerprint = scene.bo.signer.public.fingerprint
    entry = people.revoke_key(scene.context, scene.alice, "bo", fingerprint, reason="lost")
    assert verifying.verify_workspace(scene.context, scope=Scope()).ok
    hide(scene.context.ledger.path, entry.seq)
    assert not list(scene.context.ledger.entries(kinds=["key.revoked"]))
    report = verifying.verify_workspace(scene.context, scope=Scope())
    assert report.verdict is Verdict.INVALID
    assert {problem.problem for problem in report.problems} >= {"index"}
