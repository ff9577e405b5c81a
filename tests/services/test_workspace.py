from __future__ import annotations

import shutil
import stat
from pathlib import Path

import pytest
from support.scene import ORIGIN, Scene, add_environment, enter_here
from support.ticking import TickingClock

from store import workspace
from store.errors import BadInput, IntegrityFailure, NotFound, QuarterdeckError, StorageFailure
from store.ledger.report import Verdict
from store.ledger.schema import fingerprint
from store.services import tables
from store.services.audit.verifying import Scope, verify_workspace
from store.services.delivery import environments


def reopened(scene: Scene) -> Scene:
    """Close the scene's workspace and open what stands there now."""
    scene.workspace.close()
    return enter_here(scene.workspace.root, scene.keys, TickingClock(scene.clock.at))


def backup(scene: Scene) -> Path:
    """Copy the ledger's file aside."""
    return Path(shutil.copy2(scene.context.ledger.path, scene.workspace.root.parent / "backup.db"))


def test_the_first_entries_say_which_ledger_it_is_and_who_is_admin(scene: Scene) -> None:
    first, second = scene.entries()[:2]
    assert (first.statement.kind, first.statement.actor, first.statement.origin) == ("ledger.opened", "system", ORIGIN)
    assert first.statement.data["log_key"] == scene.context.config.ledger.log_key
    assert first.statement.data["policy"] == scene.context.policy.digest
    assert len(str(first.statement.data["incarnation"])) == 32
    assert (second.statement.kind, second.statement.actor) == ("principal.added", "alice")
    assert second.signature is not None


def test_a_new_file_has_the_schema_that_openings_know_at_a_glance(scene: Scene) -> None:
    with scene.context.ledger.reading() as connection:
        assert fingerprint(connection) == tables.SCHEMA


def test_private_things_are_private(scene: Scene) -> None:
    root = scene.workspace.root
    assert stat.S_IMODE((root / "keys").stat().st_mode) == 0o700
    assert stat.S_IMODE((root / workspace.LOG_KEY_FILE).stat().st_mode) == 0o600
    assert stat.S_IMODE(scene.context.ledger.path.stat().st_mode) == 0o600


def test_a_second_workspace_is_not_made_over_the_first(scene: Scene) -> None:
    before = scene.context.ledger.path.read_bytes()
    with pytest.raises(BadInput, match="is a workspace already"):
        workspace.create(scene.workspace.root, signer=scene.cy.signer, handle="cy", clock=scene.clock)
    assert scene.context.ledger.path.read_bytes() == before


@pytest.mark.parametrize("origin", ["https://a/b", "UPPER", "with space", "a+b", "-a", "a\n", "x" * 201, "é"])
def test_an_origin_that_notes_cannot_carry_is_refused_before_anything_is_made(scene: Scene, origin: str) -> None:
    root = scene.workspace.root.parent / "new"
    with pytest.raises(BadInput, match="no origin"):
        workspace.create(root, signer=scene.cy.signer, handle="cy", origin=origin, clock=scene.clock)
    with pytest.raises(BadInput, match="no handle"):
        workspace.create(root, signer=scene.cy.signer, handle="Cy Smith", clock=scene.clock)
    assert not root.exists()


def test_two_workspaces_never_share_an_origin_by_accident(scene: Scene) -> None:
    origins = set()
    for name in ("one", "two"):
        root = scene.workspace.root.parent / name / "same"
        made = workspace.create(root, signer=scene.cy.signer, handle="cy", clock=scene.clock)
        origins.add(made.ledger.origin)
        made.close()
    assert len(origins) == 2


def test_a_workspace_is_found_from_inside_and_nowhere_else(scene: Scene) -> None:
    inner = scene.workspace.root / "inbox" / "prod"
    inner.mkdir(parents=True, exist_ok=True)
    assert workspace.find(inner) == scene.workspace.root
    with pytest.raises(NotFound, match="no workspace here"):
        workspace.find(scene.workspace.root.parent)


def test_everything_is_there_again_after_opening(scene: Scene) -> None:
    request = scene.live()
    head = scene.context.ledger.head()
    again = reopened(scene)
    assert again.context.ledger.head() == head
    assert again.state(request) == "live"
    add_environment(again.context, again.alice, "dev")
    again.workspace.close()


def test_without_the_log_key_everything_can_be_read_and_nothing_written(scene: Scene) -> None:
    scene.ingest()
    (scene.workspace.root / workspace.LOG_KEY_FILE).unlink()
    again = reopened(scene)
    assert not again.context.ledger.writable
    assert again.context.ledger.read_only_reason
    with pytest.raises(StorageFailure):
        again.open()
    assert verify_workspace(again.context, scope=Scope()).verdict is Verdict.ANCHORED
    again.workspace.close()


def test_an_older_copy_of_the_ledger_is_noticed_and_not_written_to(scene: Scene) -> None:
    old = backup(scene)
    scene.live()
    scene.workspace.close()
    shutil.copy2(old, scene.context.ledger.path)
    again = reopened(scene)
    assert "a restore, a loss or a cut" in (again.context.ledger.read_only_reason or "")
    with pytest.raises(IntegrityFailure):
        environments.freeze(again.context, again.alice, "prod", reason="-")
    assert verify_workspace(again.context, scope=Scope()).verdict is Verdict.SHORTER
    again.workspace.close()


def test_two_copies_that_went_on_apart_are_a_fork_that_is_noticed(scene: Scene) -> None:
    old = backup(scene)
    environments.freeze(scene.context, scene.alice, "prod", reason="here")
    scene.workspace.close()
    ours = scene.context.ledger.path.read_bytes()
    for heads in (scene.workspace.root / "heads").iterdir():
        heads.unlink()
    elsewhere = pytest.MonkeyPatch()
    elsewhere.setenv("XDG_STATE_HOME", str(scene.workspace.root.parent / "elsewhere"))
    shutil.copy2(old, scene.context.ledger.path)
    fork = reopened(scene)
    environments.freeze(fork.context, fork.alice, "prod", reason="there")
    fork.workspace.close()
    elsewhere.undo()
    again = reopened(scene)
    assert not again.context.ledger.writable
    assert verify_workspace(again.context, scope=Scope()).verdict is Verdict.DIVERGED
    again.workspace.close()
    assert scene.context.ledger.path.read_bytes() != ours


def test_the_ledger_of_another_workspace_does_not_pass_for_this_one(scene: Scene) -> None:
    other = workspace.create(
        scene.workspace.root.parent / "other", signer=scene.alice.signer, handle="alice", clock=scene.clock
    )
    other.close()
    scene.workspace.close()
    shutil.copy2(other.ledger.path, scene.context.ledger.path)
    again = reopened(scene)
    assert not again.context.ledger.writable
    with pytest.raises(QuarterdeckError):
        environments.freeze(again.context, again.alice, "prod", reason="-")
    assert not verify_workspace(again.context, scope=Scope()).ok
    again.workspace.close()


@pytest.mark.parametrize("text", ["", "name = 3", "[ledger]\norigin = 7", "\x00", "nonsense", "name = 'x'\nmore = 1\n"])
def test_a_faulty_configuration_is_said_in_one_line(scene: Scene, text: str) -> None:
    (scene.workspace.root / "quarterdeck.toml").write_text(text)
    with pytest.raises(BadInput):
        workspace.open_workspace(scene.workspace.root)


def test_a_ledger_that_is_gone_is_not_made_anew(scene: Scene) -> None:
    scene.workspace.close()
    scene.context.ledger.path.unlink()
    with pytest.raises(QuarterdeckError, match="is missing"):
        workspace.open_workspace(scene.workspace.root)
    assert not scene.context.ledger.path.exists()


def test_a_closed_workspace_says_so(scene: Scene) -> None:
    scene.workspace.close()
    for act in (
        scene.open,
        lambda: environments.environments(scene.context.ledger),
        scene.context.ledger.head,
    ):
        with pytest.raises(StorageFailure, match="closed"):
            act()
