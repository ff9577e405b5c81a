"""An export that an older version took for just a document stays comparable once its platform is known."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import yaml
from support.scene import Scene

from store import platforms
from store.errors import BadInput
from store.platforms import recognise, reread
from store.services import diffing
from store.services.delivery import rollback
from store.services.drift import drift_view

OLDER = {"generic": platforms.PLATFORMS["generic"]}


def board(query: str) -> bytes:
    """Return a dashboard in the YAML of a cluster."""
    panel = {"id": 1, "type": "timeseries", "title": "Heat", "gridPos": {}, "targets": [{"refId": "A", "expr": query}]}
    spec = {"title": "Boiler", "schemaVersion": 41, "panels": [panel]}
    return yaml.safe_dump(
        {
            "apiVersion": "dashboard.grafana.app/v1beta1",
            "kind": "Dashboard",
            "metadata": {"name": "boiler"},
            "spec": spec,
        }
    ).encode()


@pytest.fixture
def old_ledger(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> Scene:
    """A release that a version deployed which knew no platform but documents."""
    with older(monkeypatch):
        scene.live(board("up"), name="boiler.yaml")
    return scene


@contextmanager
def older(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with monkeypatch.context() as patch:
        patch.setattr(platforms, "PLATFORMS", OLDER)
        yield


def test_an_export_is_read_as_it_was_recorded_not_as_it_would_be_today() -> None:
    assert recognise(board("up"), "boiler.yaml").platform == "grafana"
    assert reread(board("up"), "boiler.yaml", "generic").platform == "generic"


def test_what_its_platform_can_read_no_more_or_nobody_knows_is_guessed_anew() -> None:
    assert reread(board("up"), "boiler.yaml", "n8n").platform == "grafana"
    assert reread(board("up"), "boiler.yaml", "a platform of long ago").platform == "grafana"
    with pytest.raises(BadInput):
        reread(b"{", "boiler.json", "n8n")


def test_a_request_over_an_older_release_shows_the_panel_that_changes(old_ledger: Scene) -> None:
    old_ledger.ingest(board("rate(up[5m])"), name="boiler.yaml")
    changes = diffing.of_request(old_ledger.context, old_ledger.open()).components
    assert [(change.id, change.change) for change in changes] == [("boiler/panel/1", "changed")]


def test_the_older_release_compares_with_itself_as_equal(old_ledger: Scene) -> None:
    (verified,) = old_ledger.entries(kind="deployment.verified")
    deployment = verified.statement.on["deployment"]
    assert diffing.diff(old_ledger.context, deployment, deployment).components == ()


def test_what_is_live_unchanged_is_no_drift_and_what_is_not_is_shown(old_ledger: Scene) -> None:
    assert old_ledger.observe(board("up"), name="boiler.yaml") == ()
    (drift,) = old_ledger.observe(board("down"), name="boiler.yaml")
    seen = drift_view.three_way(old_ledger.context, drift)
    assert seen.desired is not None
    assert seen.observed is not None
    assert [field.path for change in seen.live.components for field in change.fields] != []


def test_the_same_bytes_are_taken_in_once_more_when_their_platform_becomes_known(old_ledger: Scene) -> None:
    before = old_ledger.context.ledger.head().size
    old_ledger.ingest(board("up"), name="boiler.yaml")
    (entry,) = old_ledger.entries(after=before)
    assert entry.statement.data["platform"] == "grafana"
    old_ledger.ingest(board("up"), name="boiler.yaml")
    assert old_ledger.entries(after=entry.seq) == []
    assert entry.statement.data["components"] == 2


def test_a_release_from_before_its_platform_was_known_may_still_be_rolled_back_to(old_ledger: Scene) -> None:
    before = old_ledger.delivered()
    old_ledger.live(board("down"), name="boiler.yaml")
    plan = rollback.plan(old_ledger.context, "prod", "orders")
    assert rollback.roll_back(old_ledger.context, old_ledger.bo, plan, reason="it hurts").verified
    assert old_ledger.delivered() == before


def test_a_request_from_before_its_platform_was_known_may_still_be_deployed(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    with older(monkeypatch):
        scene.ingest(board("up"), name="boiler.yaml")
        request = scene.approved()
    assert scene.deploy(request).verified


def test_two_digests_are_compared_by_the_platform_that_knows_both(old_ledger: Scene) -> None:
    first = digest_of(old_ledger)
    old_ledger.ingest(board("down"), name="boiler.yaml")
    second = digest_of(old_ledger)
    for pair in ((first, second), (second, first)):
        changes = diffing.diff(old_ledger.context, *pair).components
        assert [(change.id, change.change) for change in changes] == [("boiler/panel/1", "changed")]


def test_an_old_digest_is_compared_with_a_file_by_the_platform_that_knows_both(
    old_ledger: Scene, tmp_path: Path
) -> None:
    path = tmp_path / "boiler of today.yaml"
    path.write_bytes(board("down"))
    (change,) = diffing.diff(old_ledger.context, digest_of(old_ledger), str(path)).components
    assert (change.kind, change.change) == ("panel", "changed")


def digest_of(scene: Scene) -> str:
    """Return the digest of the newest export."""
    return scene.entries(kind="artifact.ingested")[-1].statement.on["artifact"]
