"""A quarterdeck.toml that is none ends in one line, whatever it is."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from store.config import FILE_NAME, load
from store.errors import BadInput

BAD: dict[str, tuple[Callable[[Path], object], str]] = {
    "a pipe that nobody writes to": (os.mkfifo, "not a regular file"),
    "a folder": (Path.mkdir, "Is a directory"),
    "a link to itself": (lambda path: path.symlink_to(path), "symbolic links"),
    "lists in lists": (lambda path: path.write_text("a = " + "[" * 5_000 + "]" * 5_000), "inside each other"),
    "a number without end": (lambda path: path.write_text("a = " + "9" * 5_000), "digits"),
    "more than anybody writes": (lambda path: path.write_text("#" * 600_000), "longer than"),
    "bytes": (lambda path: path.write_bytes(b"\xff\xfe"), "codec"),
}


@pytest.mark.parametrize("what", BAD)
def test_it_is_refused_and_not_waited_for(tmp_path: Path, what: str) -> None:
    make, says = BAD[what]
    make(tmp_path / FILE_NAME)
    with pytest.raises(BadInput, match=says) as told:
        load(tmp_path)
    assert len(str(told.value).splitlines()) == 1
