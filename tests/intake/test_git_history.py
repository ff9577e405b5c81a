"""Git repositories as they come from strangers: what is read of them, and that nothing of theirs is run or believed."""

from __future__ import annotations

import os
import resource
import subprocess
import threading
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha1
from pathlib import Path

import pytest
from support.git_repository import Repository, repository

from store.errors import BadInput, NotFound
from store.intake.git_history import Commit, History, inner_path
from store.intake.git_refs import locate
from store.intake.git_shield import shielded

ONE, TWO, THREE = b'{"a": 1}\n', b'{"a": 2}\n', b'{"a": 3}\n'


@contextmanager
def opened(made: Repository, path: str = ".", branch: str | None = None) -> Iterator[History]:
    found = locate(made.path, branch)
    with shielded(found) as shield:
        yield History(shield, found, inner_path(path))


def commits(made: Repository, path: str = ".", branch: str | None = None) -> list[Commit]:
    with opened(made, path, branch) as history, history.commits() as found:
        return list(found)


def steps(made: Repository, path: str = ".", branch: str | None = None) -> list[list[tuple[str, str]]]:
    return [[(change.kind, change.path) for change in commit.changes] for commit in commits(made, path, branch)]


def raw(made: Repository, kind: str, data: bytes) -> str:
    """Write an object that git itself would not make."""
    return made.git("hash-object", "-w", "-t", kind, "--literally", "--stdin", data=data)


def test_changes_come_oldest_first_with_who_and_when_as_claimed(tmp_path: Path) -> None:
    made = repository(tmp_path / "r")
    first = made.commit({"a.json": ONE}, date="2019-05-06T07:08:09+02:00")
    second = made.commit({"a.json": TWO, "b/c.json": ONE})
    made.commit({"a.json": None})
    found = commits(made)
    assert [commit.id for commit in found[:2]] == [first, second]
    assert (found[0].authored, found[0].name, found[0].mail) == (
        "2019-05-06T05:08:09.000Z",
        "Ann Archer",
        "ann@example.org",
    )
    assert steps(made) == [
        [("added", "a.json")],
        [("modified", "a.json"), ("added", "b/c.json")],
        [("deleted", "a.json")],
    ]
    assert steps(made, "b") == [[("added", "b/c.json")]]
    assert steps(made, "b/c.json") == [[("added", "b/c.json")]]
    with opened(made) as history, history.blobs() as blobs:
        assert blobs.read(found[1].changes[0].blob) == TWO
        assert history.count() == 3
        assert history.root() == first


def test_a_rename_is_one_step_and_a_merge_is_what_it_brought(tmp_path: Path) -> None:
    made = repository(tmp_path / "r")
    made.commit({"old.json": b'{"long": "enough to be told again"}'})
    made.git("mv", "old.json", "new.json")
    made.commit({})
    made.git("checkout", "-q", "-b", "side")
    made.commit({"side.json": ONE})
    made.commit({"side.json": TWO})
    made.git("checkout", "-q", "main")
    made.commit({"main.json": ONE})
    made.git("merge", "-q", "--no-edit", "side")
    made.commit({})
    found = commits(made)
    assert [change.renamed_from for commit in found for change in commit.changes] == [None, "old.json", None, None]
    assert steps(made) == [
        [("added", "old.json")],
        [("renamed", "new.json")],
        [("added", "main.json")],
        [("added", "side.json")],
        [],
    ]
    assert [len(step) for step in steps(made, branch="side")] == [1, 1, 1, 1]


def test_a_branch_is_found_loose_packed_detached_in_a_work_tree_and_in_a_shallow_clone(tmp_path: Path) -> None:
    made = repository(tmp_path / "r")
    made.commit({"a.json": ONE})
    made.git("branch", "feature/x")
    made.commit({"a.json": TWO})
    assert len(commits(made, branch="feature/x")) == 1
    made.git("pack-refs", "--all")
    made.git("gc", "-q")
    assert len(commits(made, branch="feature/x")) == 1
    assert len(commits(made, branch="refs/heads/main")) == 2
    made.git("worktree", "add", "-q", "../tree", "feature/x")
    assert len(commits(Repository(tmp_path / "tree"))) == 1
    made.git("checkout", "-q", "--detach", "main")
    assert len(commits(made)) == 2
    made.git("clone", "-q", "--depth", "1", f"file://{made.path}", str(tmp_path / "shallow"))
    assert len(commits(Repository(tmp_path / "shallow"))) == 1


@pytest.mark.parametrize(
    "branch", ["nothing", "-x", "--upload-pack=touch x", "../../../etc/passwd", "a/../../b", "", "feature", "\x1b[2J"]
)
def test_what_is_no_branch_is_bad_input(tmp_path: Path, branch: str) -> None:
    made = repository(tmp_path / "r")
    made.commit({"a.json": ONE})
    made.git("branch", "feature/x")
    with pytest.raises(BadInput) as refused:
        locate(made.path, branch)
    assert str(refused.value).isprintable()


def test_what_is_no_repository_is_bad_input(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    for path in (tmp_path, tmp_path / "file", tmp_path / "none"):
        with pytest.raises(BadInput, match="no git repository"):
            locate(path, None)
    made = repository(tmp_path / "empty")
    with pytest.raises(NotFound, match="no commit yet"):
        locate(made.path, None)
    (made.path / ".git" / "HEAD").write_text("ref: refs/heads/.invalid\n")
    with pytest.raises(BadInput, match="reftable"):
        locate(made.path, None)


@pytest.mark.parametrize("path", ["/etc", "../x", "a/../../b"])
def test_a_path_stays_inside_the_repository(path: str) -> None:
    with pytest.raises(BadInput, match="inside the repository"):
        inner_path(path)


def test_nothing_of_a_repository_is_run(tmp_path: Path) -> None:
    made = repository(tmp_path / "r")
    made.commit({"a.json": ONE, ".gitattributes": b"*.json diff=evil filter=evil merge=evil\n"})
    missing = sha1(b"blob 9\0" + TWO).hexdigest()
    tree = made.tree(f"100644 blob {missing}\tb.json\n".encode())
    made.commit_tree(tree, made.git("rev-parse", "HEAD"))
    marker = tmp_path / "marker"
    program = tmp_path / "evil"
    program.write_text(f"#!/bin/sh\necho $0 $@ >> {marker}\nexit 1\n")
    program.chmod(0o755)
    for key in (
        "core.fsmonitor", "core.sshCommand", "core.pager", "pager.log", "core.editor", "diff.external",
        "diff.evil.textconv", "diff.evil.command", "filter.evil.smudge", "filter.evil.process", "gpg.program",
        "credential.helper", "core.gitProxy", "uploadpack.packObjectsHook", "core.alternateRefsCommand",
        "core.askPass",
    ):  # fmt: skip
        made.git("config", key, str(program))
    for key, value in {
        "core.hooksPath": str(tmp_path), "log.showSignature": "true", "extensions.partialClone": "origin",
        "remote.origin.promisor": "true", "remote.origin.url": f"ext::{program} %S", "protocol.ext.allow": "always",
        "core.repositoryFormatVersion": "1", "alias.log": f"!{program}",
    }.items():  # fmt: skip
        made.git("config", "--file", str(made.path / ".git" / "config"), key, value)
    for hook in ("post-checkout", "reference-transaction", "post-index-change"):
        (made.path / ".git" / "hooks" / hook).write_bytes(program.read_bytes())
        (made.path / ".git" / "hooks" / hook).chmod(0o755)
    subprocess.run(["git", "cat-file", "-e", missing], cwd=made.path, check=False, capture_output=True, timeout=60)
    assert marker.exists(), "plain git falls into the trap"
    marker.unlink()
    with opened(made) as history, history.commits() as found, history.blobs() as blobs:
        (first, second) = found
        assert blobs.read(first.changes[-1].blob) == ONE
        fetched = next(change for change in second.changes if change.path == "b.json")
        with pytest.raises(BadInput, match="does not hold it"):
            blobs.read(fetched.blob)
    assert not marker.exists()


def test_replacements_and_grafts_do_not_rewrite_what_is_read(tmp_path: Path) -> None:
    made = repository(tmp_path / "r")
    first = made.commit({"a.json": ONE})
    second = made.commit({"a.json": TWO})
    lie = made.git("hash-object", "-w", "--stdin", data=THREE)
    true = made.git("rev-parse", "HEAD:a.json")
    made.git("replace", true, lie)
    (made.path / ".git" / "info" / "grafts").write_text(f"{second}\n")
    with opened(made) as history, history.commits() as found, history.blobs() as blobs:
        read = [(commit.id, blobs.read(commit.changes[0].blob)) for commit in found]
    assert read == [(first, ONE), (second, TWO)]


def test_bytes_that_are_not_what_their_id_says_are_refused(tmp_path: Path) -> None:
    made = repository(tmp_path / "r")
    made.commit({"a.json": ONE})
    blob = made.git("rev-parse", "HEAD:a.json")
    loose = made.path / ".git" / "objects" / blob[:2] / blob[2:]
    loose.chmod(0o600)
    loose.write_bytes(zlib.compress(b"blob 9\0" + TWO))
    with (
        opened(made) as history,
        history.blobs() as blobs,
        pytest.raises(BadInput, match=r"not what its id says|cannot read it"),
    ):
        blobs.read(blob)


def test_a_file_too_large_is_refused_by_its_size_alone(tmp_path: Path) -> None:
    made = repository(tmp_path / "r")
    made.commit({"big.json": b" " * (66 * 1024 * 1024), "a.json": ONE, "empty.json": b""})
    with opened(made) as history, history.commits() as found, history.blobs() as blobs:
        (commit,) = found
        by_name = {change.path: change.blob for change in commit.changes}
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        with pytest.raises(BadInput, match="more than"):
            blobs.read(by_name["big.json"])
        assert blobs.read(by_name["a.json"]) == ONE  # the way is still clear
        assert blobs.read(by_name["empty.json"]) == b"", "whose that may be, its platform says"
        assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 20 * 1024


def test_versions_that_were_foreseen_come_in_their_order_and_those_not_needed_are_passed_over(tmp_path: Path) -> None:
    made = repository(tmp_path / "r")
    contents = {f"{number:03}.json": b"%d" % number * 40_000 for number in range(60)}
    made.commit({**contents, "big.json": b" " * (66 * 1024 * 1024)})
    with opened(made) as history, history.commits() as found, history.blobs() as blobs:
        (commit,) = found
        changes = sorted(commit.changes, key=lambda change: change.path)
        missing = "0" * len(changes[0].blob)
        steps = [(change.path, [missing, change.blob]) for change in changes]
        read = {
            path: blobs.read(needed[1])
            for number, (path, needed) in enumerate(blobs.foreseen(steps, lambda step: step[1]))
            if number % 3 == 0 and path in contents
        }
        with pytest.raises(BadInput, match="does not hold it"):
            blobs.read(missing)
        assert blobs.read(changes[1].blob) == contents[changes[1].path]  # again, though nobody foresaw that
    assert read == {path: contents[path] for path in read}
    assert len(read) == 20


def test_versions_that_are_foreseen_and_never_read_do_not_stop_git(tmp_path: Path) -> None:
    made = repository(tmp_path / "r")
    made.commit({"flows.json": ONE})
    with opened(made) as history, history.commits() as found, history.blobs() as blobs:
        (blob,) = (change.blob for commit in found for change in commit.changes)
        passed = iter(blobs.foreseen([blob] * 5_000, lambda one: [one] * 6))
        passing = threading.Thread(target=list, args=[passed], daemon=True)
        passing.start()
        passing.join(timeout=60)
        stuck = passing.is_alive()
        if not stuck:
            assert blobs.read(blob) == ONE
    assert not stuck


def processor_time() -> float:
    """Return the seconds of the processor that this process had, and the programs that it ran to their end."""
    return sum(os.times()[:4])


def test_a_tree_of_trees_of_trees_ends_soon_and_takes_no_more_than_it_may(tmp_path: Path) -> None:
    made = repository(tmp_path / "r")
    blob = made.git("hash-object", "-w", "--stdin", data=ONE)
    tree = made.tree(b"".join(f"100644 blob {blob}\tf{number}\n".encode() for number in range(10)))
    for _ in range(9):
        tree = made.tree(b"".join(f"040000 tree {tree}\td{number}\n".encode() for number in range(10)))
    made.commit_tree(tree)
    began = processor_time()
    with pytest.raises(BadInput):
        commits(made)
    assert processor_time() - began < 10  # about 3
    assert steps(made, "/".join(["d0"] * 9)) == [
        [("added", "/".join(["d0"] * 9) + f"/f{number}") for number in range(10)]
    ]


def test_absurd_commits_are_read_as_far_as_they_make_sense(tmp_path: Path) -> None:
    made = repository(tmp_path / "r")
    blob = made.git("hash-object", "-w", "--stdin", data=ONE)
    tree = made.tree(f"100644 blob {blob}\ta.json\n".encode())
    lines = [b"author \x1b[2J\xff <evil\x00> 99999999999999999 +0000", b"author nobody", b"author A <a@b> -1 +9999"]
    parent = b""
    for line in lines:
        body = b"tree " + tree.encode() + b"\n" + parent + line + b"\ncommitter C <c@d> 1 +0000\n\nm\n"
        parent = b"parent " + raw(made, "commit", body).encode() + b"\n"
    made.git("update-ref", "refs/heads/main", parent.split()[1].decode())
    found = commits(made)
    assert len(found) == 3
    assert found[0].authored is None
    assert [change.path for commit in found for change in commit.changes] == ["a.json"]


def test_names_links_and_submodules_of_a_hostile_tree_come_as_what_they_are(tmp_path: Path) -> None:
    made = repository(tmp_path / "r")
    blob = made.git("hash-object", "-w", "--stdin", data=ONE)
    entries = [
        (b"100644", b"a\nb.json"), (b"100644", b"e\x1b[2J.json"), (b"100644", b"x\xff.json"), (b"120000", b"link.json"),
        (b"160000", b"sub"), (b"100755", b"run.json"),
    ]  # fmt: skip
    inner = b"".join(
        mode + b" " + name + b"\0" + bytes.fromhex(blob) for mode, name in sorted(entries, key=lambda e: e[1])
    )
    up = raw(made, "tree", b"100644 up.json\0" + bytes.fromhex(blob))
    inner = b"40000 ..\0" + bytes.fromhex(up) + inner
    made.commit_tree(raw(made, "tree", inner))
    (commit,) = commits(made)
    found = {change.path: change.is_file for change in commit.changes}
    assert found == {
        "../up.json": True,
        "a\nb.json": True,
        "e\x1b[2J.json": True,
        os.fsdecode(b"x\xff.json"): True,
        "link.json": False,
        "sub": False,
        "run.json": True,
    }


def test_a_repository_of_the_newer_kind_of_ids_is_read_alike(tmp_path: Path) -> None:
    made = repository(tmp_path / "r", "--object-format=sha256")
    commit = made.commit({"a.json": ONE})
    assert len(commit) == 64
    with opened(made) as history, history.commits() as found, history.blobs() as blobs:
        assert [blobs.read(one.changes[0].blob) for one in found] == [ONE]
