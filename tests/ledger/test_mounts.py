from __future__ import annotations

from pathlib import Path

import pytest

from store.ledger.mounts import NETWORK, doubt, file_system_of, network_problem


def mounts(tmp_path: Path, *rows: tuple[str, str]) -> Path:
    """Write a mountinfo (proc(5)) with (mount point, type) rows."""
    lines = [
        f"{30 + n} 1 0:{400 + n} / {point} rw,relatime shared:1 - {kind} source rw"
        for n, (point, kind) in enumerate(rows)
    ]
    path = tmp_path / "mountinfo"
    path.write_text("\n".join(lines) + "\n")
    return path


def test_the_innermost_mount_counts(tmp_path: Path) -> None:
    inner = tmp_path / "share" / "deep"
    inner.mkdir(parents=True)
    table = mounts(tmp_path, ("/", "ext4"), (str(tmp_path / "share"), "nfs4"), (str(tmp_path / "sha"), "cifs"))
    assert file_system_of(tmp_path, mounts=table) == "ext4"
    assert file_system_of(inner / "ledger.db", mounts=table) == "nfs4"
    assert "network file system (nfs4)" in (network_problem(inner / "ledger.db", mounts=table) or "")
    assert network_problem(tmp_path, mounts=table) is None


def test_a_later_mount_covers_an_earlier_one(tmp_path: Path) -> None:
    table = mounts(tmp_path, ("/", "ext4"), (str(tmp_path), "nfs"), (str(tmp_path), "tmpfs"))
    assert file_system_of(tmp_path, mounts=table) == "tmpfs"


def test_names_with_spaces_and_links_are_followed(tmp_path: Path) -> None:
    share = tmp_path / "my share"
    share.mkdir()
    (tmp_path / "link").symlink_to(share)
    escaped = str(share).replace(" ", "\\040")
    table = mounts(tmp_path, ("/", "ext4"), (escaped, "fuse.sshfs"))
    assert network_problem(tmp_path / "link" / "new" / "ledger.db", mounts=table)


@pytest.mark.parametrize("kind", sorted(NETWORK))
def test_every_network_file_system_is_a_problem(tmp_path: Path, kind: str) -> None:
    assert network_problem(tmp_path, mounts=mounts(tmp_path, ("/", kind)))


@pytest.mark.parametrize("kind", ["ext4", "btrfs", "xfs", "tmpfs", "overlay", "apfs", "zfs"])
def test_local_ones_are_not(tmp_path: Path, kind: str) -> None:
    table = mounts(tmp_path, ("/", kind))
    assert network_problem(tmp_path, mounts=table) is None
    assert doubt(tmp_path, mounts=table) is None


def test_shares_with_a_host_are_doubtful_only(tmp_path: Path) -> None:
    table = mounts(tmp_path, ("/", "9p"))
    assert network_problem(tmp_path, mounts=table) is None
    assert "only one may write" in (doubt(tmp_path, mounts=table) or "")


def test_where_nothing_can_be_told_nothing_is_refused(tmp_path: Path) -> None:
    (tmp_path / "junk").write_bytes(b"\xff\n1 2 3\n- - -\n\n")
    for table in (tmp_path / "none", tmp_path / "junk"):
        assert file_system_of(tmp_path, mounts=table) is None
        assert network_problem(tmp_path, mounts=table) is None


def test_this_machine_says_something(tmp_path: Path) -> None:
    assert file_system_of(tmp_path)
