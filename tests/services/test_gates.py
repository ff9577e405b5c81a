from __future__ import annotations

from dataclasses import replace

import pytest
from support.exports import V1, V2, document
from support.scene import Scene
from support.tampering import damage_blob

from store.domain import events as ev
from store.domain.gates.contents import Files
from store.domain.gates.verdict import Verdict
from store.errors import Refusal
from store.services.requests import approving, requests
from store.services.requests.gates import GATES
from store.services.requests.requests import change_of

LEAKY = document(token="ghp_" + "Ab3" * 12, note="a token in the open")


def verdicts(scene: Scene, phase: str) -> dict[str, ev.GateEvaluated]:
    events = [
        ev.decode(e.statement.kind, e.statement.on, e.statement.data) for e in scene.entries(kind="gate.evaluated")
    ]
    return {event.gate: event for event in events if isinstance(event, ev.GateEvaluated) and event.phase == phase}


def test_every_gate_says_pass_with_a_reason_and_the_digest_it_looked_at(scene: Scene) -> None:
    scene.ingest()
    request = scene.submitted()
    found = verdicts(scene, "submit")
    assert set(found) == {"artifact-intact", "schema-valid", "secrets-clean"}
    assert all(len(event.inputs) == 64 and event.policy for event in found.values())
    assert all(event.passed and event.reason for event in found.values())
    assert {event.digest for event in found.values()} == {change_of(scene.context.ledger, request).digest}


def test_a_secret_in_the_open_fails_its_gate_and_is_nowhere_in_the_ledger(scene: Scene) -> None:
    scene.ingest(LEAKY, name="settings.json")
    request = scene.submitted()
    failed = verdicts(scene, "submit")["secrets-clean"]
    assert not failed.passed
    assert "settings.json" in failed.reason
    assert failed.unblock
    assert not any(b"Ab3Ab3" in entry.body for entry in scene.entries())
    with pytest.raises(Refusal, match="the gate secrets-clean failed"):
        approving.approve(scene.context, scene.dana, request)


def test_a_mended_export_passes_after_an_edit(scene: Scene) -> None:
    scene.ingest(LEAKY, name="settings.json")
    request = scene.submitted()
    scene.ingest(document(note="clean"), name="settings.json")
    requests.edit(
        scene.context, scene.cy, request, content=change_of(scene.context.ledger, request).content, refresh=True
    )
    requests.submit(scene.context, scene.cy, request)
    approving.approve(scene.context, scene.dana, request)
    assert scene.deploy(request).verified


@pytest.mark.parametrize("crash", [RuntimeError("no such field"), RecursionError("too deep"), KeyError("id")])
def test_a_gate_that_crashes_has_failed_with_the_reason(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, crash: Exception
) -> None:
    def broken(seen: Files) -> Verdict:
        raise crash

    monkeypatch.setitem(GATES, "schema-valid", replace(GATES["schema-valid"], judge=broken))
    scene.ingest()
    request = scene.submitted()
    failed = verdicts(scene, "submit")["schema-valid"]
    assert not failed.passed
    assert type(crash).__name__ in failed.reason
    with pytest.raises(Refusal, match="the gate schema-valid failed"):
        approving.approve(scene.context, scene.dana, request)


def test_gates_run_again_at_deployment_and_stop_it(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def moody(seen: Files) -> Verdict:
        asked.append(seen.release)
        return Verdict(passed=len(asked) < 2, reason=f"asked {len(asked)} times", unblock="ask less")

    monkeypatch.setitem(GATES, "schema-valid", replace(GATES["schema-valid"], judge=moody))
    scene.ingest()
    request = scene.approved()
    with pytest.raises(Refusal) as caught:
        scene.deploy(request)
    assert caught.value.reasons == ("the gate schema-valid failed: asked 2 times",)
    assert caught.value.would_unblock == ("ask less",)
    assert len(asked) == 2
    assert not verdicts(scene, "deploy")["schema-valid"].passed
    assert "deployment.started" not in scene.kinds()
    assert not (scene.workspace.root / "out/prod/orders").exists()


def test_bytes_damaged_in_the_archive_fail_the_gate_at_deployment(scene: Scene) -> None:
    scene.ingest(V1)
    scene.ingest(V2)
    request = scene.approved()
    artifact = scene.entries(kind="artifact.ingested")[-1].statement.on["artifact"]
    damage_blob(scene.context.ledger.path, artifact)
    with pytest.raises(Refusal, match="the gate artifact-intact failed"):
        scene.deploy(request)
    assert "deployment.started" not in scene.kinds()


def test_a_release_manifest_that_is_damaged_fails_the_gates_too(scene: Scene) -> None:
    scene.ingest(V1)
    request = scene.approved()
    manifest = change_of(scene.context.ledger, request).target.manifest
    damage_blob(scene.context.ledger.path, manifest)
    with pytest.raises(Refusal, match="the gate artifact-intact failed"):
        scene.deploy(request)
