from __future__ import annotations

from pathlib import Path

import pytest

from bench import scene
from store.ledger import span
from store.ledger.report import MAX_PROBLEMS, VerificationStopped
from store.services.audit import verified
from store.services.audit.verifying import Scope, verify_workspace

QUICK = Scope(archive=False, tables=False)
RESUMED = Scope(archive=False, tables=False, resume=True)


@pytest.fixture
def context(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    space, _ = scene.workspace(tmp_path / "bench")
    yield space.context
    space.close()


def test_a_good_verification_leaves_a_head_that_the_next_one_can_go_on_from(context) -> None:
    scene.fill(context, 40)
    assert verified.last(context) is None
    assert verify_workspace(context, scope=RESUMED).start == 0  # nothing kept yet: all of it
    assert verified.last(context).size == 40
    scene.fill(context, 60)
    report = verify_workspace(context, scope=RESUMED)
    assert report.ok
    assert (report.start, report.entries) == (40, 60)
    assert verified.last(context).size == 60
    assert verify_workspace(context, scope=QUICK).start == 0  # unless asked to, nothing is trusted


def test_a_stopped_verification_is_resumed_where_it_was_good(context, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scene, "BATCH", 1000)
    scene.fill(context, span.SPAN + 5000)
    with pytest.raises(VerificationStopped) as stopped:
        verify_workspace(context, scope=QUICK, progress=lambda _what, done, _total: done <= span.SPAN + 1000)
    assert stopped.value.reached == 16_002  # the newest checkpoint in the stretches that were read to their end
    assert verified.last(context).size == 16_002
    report = verify_workspace(context, scope=RESUMED)
    assert report.ok
    assert report.start == 16_002


def test_a_head_that_we_did_not_sign_or_that_is_from_the_future_is_not_gone_on_from(context) -> None:
    scene.fill(context, 40)
    kept = verified.store_of(context)
    for note in (b"", b"nonsense", context.ledger.checkpoint().replace(b"\n40\n", b"\n39\n")):
        kept.write(note)
        assert verified.last(context) is None
    assert verify_workspace(context, scope=RESUMED).start == 0


def test_a_head_that_contradicts_the_file_is_told_and_everything_is_read(context, tmp_path: Path) -> None:
    scene.fill(context, 40)
    verify_workspace(context, scope=QUICK)
    before = verified.store_of(context).read()
    connection = __import__("sqlite3").connect(context.ledger.path)
    connection.execute("DROP TRIGGER entry_no_update")
    connection.execute("UPDATE entry SET hash = zeroblob(32) WHERE seq = 7")
    connection.commit()
    connection.close()
    report = verify_workspace(context, scope=RESUMED)
    assert not report.ok
    assert report.start == 0
    assert verified.store_of(context).read() == before


def test_what_somebody_asked_to_trust_is_not_kept_as_verified(context) -> None:
    scene.fill(context, 40)
    start = context.ledger.keys.open(context.ledger.checkpoint())
    scene.fill(context, 50)
    assert verify_workspace(context, scope=Scope(archive=False, tables=False, start=start)).ok
    assert verified.last(context) is None


def test_looking_for_the_files_that_entries_name_counts_them_and_can_be_stopped(context) -> None:
    scene.fill(context, 2_500)
    told: list[tuple[str, int, int]] = []
    scope = Scope(tables=False)
    report = verify_workspace(context, scope=scope, progress=lambda *step: told.append(step) is None)
    assert report.problems[0].detail.endswith("the archive does not hold this export, which the entry names")
    assert len(report.problems) <= MAX_PROBLEMS
    assert ("files named by entries", 2_500) in {(what, total) for what, _, total in told}
    with pytest.raises(VerificationStopped):
        verify_workspace(context, scope=scope, progress=lambda what, *_: what != "files named by entries")
