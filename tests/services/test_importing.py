"""A history of exports out of git: every version once, in order, marked as theirs, and nobody's name in the ledger."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from hashlib import sha256
from pathlib import Path
from subprocess import Popen

import pytest
from support.exports import V1, V2, document
from support.git_repository import Repository, real_history, repository
from support.scene import Scene

from store.clock import parse_timestamp
from store.domain import events as ev
from store.intake import git_blobs
from store.projections import artifacts
from store.services.audit import verifying
from store.services.exports import importing
from store.services.exports.importing import ImportReport
from store.services.exports.progress import Progress
from store.services.identity.pseudonyms import KEY_FILE, NAMES_FILE
from store.services.sealing import sealing

V3 = V2.replace(b"orders", b"sales")


def imported(scene: Scene, made: Repository, path: str = ".", **options: object) -> ImportReport:
    return importing.import_history(
        scene.context,
        made.path,
        path,
        project="orders",
        environment="prod",
        **options,
    )


def versions(scene: Scene) -> list[ev.ArtifactIngested]:
    found = [
        ev.decode(entry.statement.kind, entry.statement.on, entry.statement.data)
        for entry in scene.entries(kind="artifact.ingested")
    ]
    return [event for event in found if isinstance(event, ev.ArtifactIngested)]


def origin(event: ev.ArtifactIngested) -> ev.Imported:
    assert event.imported is not None
    return event.imported


def newest(scene: Scene) -> dict[str, str]:
    with scene.context.ledger.reading() as connection:
        return {row.name: row.digest for row in artifacts.newest(connection, "orders", "prod")}


@pytest.mark.parametrize("name", ["node-red-home", "n8n-team"])
def test_a_real_history_arrives_whole_and_in_order(scene: Scene, tmp_path: Path, name: str) -> None:
    made, commits = real_history(name, tmp_path / "r")
    commits = commits[:60] if name == "n8n-team" else commits[:40]
    made.git("update-ref", "refs/heads/main", made.git("rev-list", "--reverse", "main").split()[len(commits) - 1])
    report = imported(scene, made)
    wanted = [(file["path"], file["sha256"], commit["date"]) for commit in commits for file in commit["files"]]
    taken = versions(scene)
    assert report.refused == 0
    assert report.versions == len(taken) == len(wanted)
    with scene.context.ledger.reading() as connection:
        for event, (path, digest, date) in zip(taken, wanted, strict=True):
            assert event.name == path
            raw = sealing.raw(scene.context, connection, event.artifact)  # what holds secrets stands there covered
            assert sha256(raw).hexdigest() == digest
            assert parse_timestamp(origin(event).authored or "") == parse_timestamp(date)
    times = [entry.statement.time for entry in scene.entries(kind="artifact.ingested")]
    assert min(times) >= scene.entries()[0].statement.time, "our entries carry our time"
    summary = scene.last("history.imported")
    assert isinstance(summary, ev.HistoryImported)
    assert (summary.commits, summary.versions, summary.refused) == (len(commits), len(wanted), 0)
    assert verifying.verify_workspace(scene.context, scope=verifying.Scope()).ok


def test_a_second_run_imports_nothing_and_a_longer_history_only_what_is_new(scene: Scene, tmp_path: Path) -> None:
    made = repository(tmp_path / "r")
    made.commit({"flows.json": V1})
    made.commit({"flows.json": V2})
    assert imported(scene, made).versions == 2
    size = scene.size
    again = imported(scene, made)
    assert (again.versions, again.known, scene.size) == (0, 2, size)
    made.commit({"flows.json": V1})
    moved = Repository(made.path.rename(tmp_path / "elsewhere"))
    grown = imported(scene, moved)
    assert (grown.versions, grown.known) == (1, 2)
    assert [origin(event).change for event in versions(scene)] == ["added", "modified", "modified"]


def test_a_stopped_import_goes_on_where_it_was(scene: Scene, tmp_path: Path) -> None:
    made = repository(tmp_path / "r")
    for number in range(6):
        made.commit({"flows.json": document(number=number)})
    stop = threading.Event()

    def tell(progress: Progress) -> None:
        assert progress.total == 6
        if progress.done == 3:
            stop.set()

    first = imported(scene, made, stop=stop, tell=tell)
    assert (first.versions, first.finished) == (3, False)
    assert "history.imported" not in scene.kinds()
    second = imported(scene, made)
    assert (second.versions, second.known, second.finished) == (3, 3, True)
    assert [event.previous for event in versions(scene)] == [None, *(event.artifact for event in versions(scene)[:-1])]


def test_two_imports_at_once_record_each_version_once(scene: Scene, tmp_path: Path) -> None:
    made = repository(tmp_path / "r")
    for number in range(4):
        made.commit({"flows.json": document(number=number)})
    others: list[ImportReport] = []

    def tell(progress: Progress) -> None:
        if progress.done == 2:
            others.append(imported(scene, made))

    mine = imported(scene, made, tell=tell)
    assert others[0].versions == 4
    assert (mine.versions, mine.known) == (0, 4)
    assert len(versions(scene)) == 4


def test_nobody_is_named_in_the_ledger(scene: Scene, tmp_path: Path) -> None:
    made = repository(tmp_path / "r")
    made.commit({"flows.json": V1})
    made.commit({"flows.json": V2}, GIT_AUTHOR_NAME="Zoë Zauber", GIT_AUTHOR_EMAIL="zoe@private.example")
    made.commit({"flows.json": V1}, GIT_AUTHOR_EMAIL="ANN@example.org")
    report = imported(scene, made)
    assert report.names is None
    first, second, third = (origin(event).author for event in versions(scene))
    assert first == third != second
    for path in scene.workspace.root.rglob("*"):
        if path.is_file():
            data = path.read_bytes()
            assert not any(name in data for name in (b"Archer", b"ann@example", "Zoë".encode(), b"private.example"))


def test_names_are_written_down_on_request_where_they_can_be_deleted(scene: Scene, tmp_path: Path) -> None:
    made = repository(tmp_path / "r")
    made.commit({"flows.json": V1})
    report = imported(scene, made, keep_names=True)
    path = scene.workspace.root / NAMES_FILE
    assert report.names == path
    assert path.stat().st_mode & 0o777 == 0o600
    assert (scene.workspace.root / KEY_FILE).stat().st_mode & 0o777 == 0o600
    (author,) = {origin(event).author for event in versions(scene)}
    assert importing.names_of(scene.context)[author] == "Ann Archer <ann@example.org>"
    path.unlink()
    assert importing.names_of(scene.context) == {}
    assert verifying.verify_workspace(scene.context, scope=verifying.Scope()).ok


def test_what_the_history_deleted_or_renamed_is_not_offered_any_more(scene: Scene, tmp_path: Path) -> None:
    made = repository(tmp_path / "r")
    made.commit({"gone.json": V1, "old.json": V2, "kept.json": V3, "hidden.json": document(h=1)})
    made.commit({"gone.json": None})
    made.git("mv", "old.json", "new.json")
    made.git("mv", "hidden.json", ".hidden.json")
    made.commit({})
    report = imported(scene, made)
    assert (report.versions, report.deletions) == (5, 2)
    assert set(newest(scene)) == {"new.json", "kept.json"}
    renamed = versions(scene)[-1]
    assert (origin(renamed).change, origin(renamed).renamed_from) == ("renamed", "old.json")
    assert imported(scene, made).known == 7
    made.commit({"gone.json": V1})
    assert imported(scene, made).versions == 1
    assert "gone.json" in newest(scene)


def test_what_was_exported_to_us_goes_before_any_history(scene: Scene, tmp_path: Path) -> None:
    made = repository(tmp_path / "r")
    made.commit({"flows.json": V1})
    own = scene.ingest(V2)
    imported(scene, made)
    assert newest(scene) == {"flows.json": own}
    made.commit({"flows.json": None})
    imported(scene, made)
    assert newest(scene) == {"flows.json": own}


def test_an_export_equal_to_the_imported_one_is_news_all_the_same(scene: Scene, tmp_path: Path) -> None:
    made = repository(tmp_path / "r")
    made.commit({"flows.json": V1})
    imported(scene, made)
    scene.ingest(V1)
    assert [event.imported is None for event in versions(scene)] == [False, True]
    size = scene.size
    scene.ingest(V1)
    assert scene.size == size


def test_versions_that_cannot_be_taken_in_are_counted_and_stop_no_other(scene: Scene, tmp_path: Path) -> None:
    made = repository(tmp_path / "r")
    made.commit(
        {"flows.json": b"{broken", "README.md": b"words only", "x\x1b[2J.json": V1, ".env": b"A=1", "a.bak": V1}
    )
    (made.path / "link.json").symlink_to("/etc/passwd")
    made.commit({"flows.json": V1})
    made.commit({"README.md": None, "x\x1b[2J.json": None})
    report = imported(scene, made)
    assert (report.versions, report.deletions, report.refused) == (1, 0, 4)
    summary = scene.last("history.imported")
    assert isinstance(summary, ev.HistoryImported)
    assert summary.refused == 4
    assert any("link.json: it is a symbolic link" in one for one in summary.refusals)
    assert newest(scene).keys() == {"flows.json"}
    assert imported(scene, made).refused == 4
    assert scene.kinds().count("history.imported") == 1


def test_thousands_of_links_are_refused_and_git_is_asked_for_none_of_them(
    scene: Scene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = repository(tmp_path / "r")
    commits = [b"commit refs/heads/main\ncommitter A <a@example.org> %d +0000\ndata 0\n" % at for at in range(100)]
    links = [b"".join(_link(commit, name) for name in range(50)) for commit in range(100)]
    version = b"M 644 inline flows.json\ndata %d\n%b\n" % (len(V1), V1)
    stream = b"".join(b"%b%b" % pair for pair in zip(commits, links, strict=True)) + version
    made.git("fast-import", "--quiet", data=stream)
    asked: list[str] = []
    monkeypatch.setattr("store.intake.git_blobs._ask", _noting(asked))
    report = imported(scene, made)
    assert (report.versions, report.refused) == (1, 5_000)
    assert len(report.named) == 1_000, "what is kept does not grow with what somebody put there"
    summary = scene.last("history.imported")
    assert isinstance(summary, ev.HistoryImported)
    assert (summary.refused, len(summary.refusals)) == (5_000, 10)
    assert len(asked) == 2, "the size of the one file, and the file"


def _link(commit: int, name: int) -> bytes:
    target = b"/etc/passwd-%d-%d" % (commit, name)
    return b"M 120000 inline link-%d.json\ndata %d\n%b\n" % (name, len(target), target)


def _noting(asked: list[str]) -> Callable[[Popen[bytes], Sequence[str]], None]:
    real = git_blobs._ask

    def noting(process: Popen[bytes], blobs: Sequence[str]) -> None:
        asked.extend(blobs)
        real(process, blobs)

    return noting


def test_a_token_in_an_old_version_is_found_too(scene: Scene, tmp_path: Path) -> None:
    made = repository(tmp_path / "r")
    made.commit({"flows.json": document(token="ghp_" + "Zz9" * 12)})
    imported(scene, made)
    assert versions(scene)[0].secrets > 0
