from __future__ import annotations

import gc
import os
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from store.errors import BadInput, NotFound
from store.intake.guard import LIMIT, StillWriting, read_guarded


def refusal(path: Path, **options: object) -> str:
    with pytest.raises(BadInput) as caught:
        read_guarded(path, **options)
    line = str(caught.value)
    assert "\n" not in line
    assert line
    return line


def test_a_regular_file_is_read_whole(tmp_path: Path) -> None:
    data = os.urandom(3_000_000)
    (tmp_path / "a").write_bytes(data)
    assert read_guarded(tmp_path / "a") == data
    assert read_guarded(tmp_path / "a", below=tmp_path) == data


def test_a_symlink_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("x")
    (tmp_path / "link").symlink_to(tmp_path / "secret")
    (tmp_path / "dangling").symlink_to("nowhere")
    assert "symbolic link" in refusal(tmp_path / "link")
    assert "symbolic link" in refusal(tmp_path / "dangling", below=tmp_path)


def test_a_symlink_on_the_way_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "file").write_text("x")
    (tmp_path / "inbox").mkdir()
    (tmp_path / "inbox" / "prod").symlink_to(tmp_path / "outside")
    assert "symbolic link" in refusal(tmp_path / "inbox" / "prod" / "file", below=tmp_path / "inbox")
    assert "leads out" in refusal(tmp_path / "inbox" / ".." / "outside" / "file", below=tmp_path / "inbox")


def test_a_fifo_is_refused_and_nobody_waits_for_its_writer(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert "FIFO" in refusal(tmp_path / "pipe")


def test_folders_sockets_and_devices_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("sock")
        assert "socket" in refusal(tmp_path / "sock")
    assert "folder" in refusal(tmp_path)
    assert "device" in refusal(Path("/dev/zero"))


def test_an_empty_a_huge_and_a_missing_file_are_refused(tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    assert refusal(tmp_path / "empty") == "it is empty"
    with (tmp_path / "huge").open("wb") as file:
        file.truncate(LIMIT + 1)
    assert "67,108,865 bytes" in refusal(tmp_path / "huge")
    (tmp_path / "small").write_bytes(b"12345")
    assert read_guarded(tmp_path / "small", limit=5) == b"12345"
    assert "5 bytes, more than the 4" in refusal(tmp_path / "small", limit=4)
    with pytest.raises(NotFound):
        read_guarded(tmp_path / "gone")


def test_names_no_file_can_have_are_refused(tmp_path: Path) -> None:
    assert "no name" in refusal(tmp_path / "a\0b")
    assert "no name" in refusal(tmp_path / "a\ud800b")
    assert "too long" in refusal(tmp_path / ("x" * 300))


def test_an_unreadable_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "private"
    path.write_text("x")
    path.chmod(0)
    if os.geteuid() != 0:
        assert "permission denied" in refusal(path)
        return
    # root reads everything, so somebody else has to try
    for folder in (tmp_path, *tmp_path.parents):
        if "pytest-" in str(folder):
            folder.chmod(folder.stat().st_mode | 0o011)
    script = (
        "import os, sys; from pathlib import Path; from store.intake.guard import read_guarded\n"
        "os.setgroups([]); os.setgid(65534); os.setuid(65534)\n"
        "try: read_guarded(Path(sys.argv[1]))\n"
        "except Exception as error: print(type(error).__name__, error)\n"
    )
    ran = subprocess.run([sys.executable, "-c", script, str(path)], capture_output=True, text=True, check=False)
    assert ran.stdout == "BadInput it cannot be read: permission denied\n", ran.stderr


def test_a_file_that_somebody_is_writing_is_not_read(tmp_path: Path) -> None:
    if not sys.platform.startswith("linux"):
        pytest.skip("only Linux tells who has a file open for writing")
    with (tmp_path / "half").open("wb") as writer:
        writer.write(b'{"half":')
        writer.flush()
        with pytest.raises(StillWriting):
            read_guarded(tmp_path / "half")
        writer.write(b" 1}")
    assert read_guarded(tmp_path / "half") == b'{"half": 1}'


def test_looking_for_a_writer_never_harms_the_writer_or_us(tmp_path: Path) -> None:
    path = tmp_path / "busy"
    path.write_bytes(b"0" * 1_000)
    stop = threading.Event()
    errors: list[OSError] = []

    def write() -> None:
        while not stop.is_set():
            try:
                with path.open("r+b") as file:
                    file.write(b"1" * 1_000)
            except OSError as error:
                errors.append(error)

    writer = threading.Thread(target=write)
    writer.start()
    outcomes = {"read": 0, "still writing": 0}
    try:
        while sum(outcomes.values()) < 1_000:
            try:
                read_guarded(path)
                outcomes["read"] += 1
            except StillWriting:
                outcomes["still writing"] += 1
    finally:
        stop.set()
        writer.join()
    assert errors == []


def test_no_descriptor_is_left_open(tmp_path: Path) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "a" / "b" / "file").write_text("x")
    (tmp_path / "a" / "b" / "link").symlink_to("file")
    if not Path("/proc/self/fd").exists():
        pytest.skip("no /proc to count descriptors in")
    gc.collect()  # what somebody else left lying open is closed now, not in the middle
    before = open_descriptors()
    for _ in range(20):
        read_guarded(tmp_path / "a" / "b" / "file", below=tmp_path)
        refusal(tmp_path / "a" / "b" / "link", below=tmp_path)
        refusal(tmp_path / "a" / "none" / "x", below=tmp_path)
        refusal(tmp_path / "a" / "b", below=tmp_path)
    assert open_descriptors() <= before


def open_descriptors() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())
