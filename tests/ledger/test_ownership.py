"""What `verify` says of who else may write where a ledger and its heads lie."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from store.ledger.ownership import loose_ends


@pytest.fixture
def places(tmp_path: Path) -> tuple[Path, Path]:
    """A ledger's file and its folder of heads, as they are made."""
    ledger, heads = tmp_path / "ledger.db", tmp_path / "heads"
    ledger.touch(0o600)
    heads.mkdir(0o700)
    return ledger, heads


def test_as_they_are_made_nothing_is_said(places: tuple[Path, Path]) -> None:
    assert loose_ends(*places) == ()


def test_where_nothing_is_yet_nothing_is_said(tmp_path: Path) -> None:
    assert loose_ends(tmp_path / "ledger.db", tmp_path / "heads") == ()


@pytest.mark.parametrize("which", [0, 1])
@pytest.mark.parametrize(("bit", "who"), [(0o020, "its group"), (0o002, "anybody")])
def test_what_others_may_write_is_named(places: tuple[Path, Path], which: int, bit: int, who: str) -> None:
    places[which].chmod(0o700 | bit)
    (line,) = loose_ends(*places)
    assert line.startswith(f"{places[which]} may be written by {who}")


def test_heads_that_lie_elsewhere_are_told(places: tuple[Path, Path], tmp_path: Path) -> None:
    ledger, heads = places
    heads.rename(tmp_path / "elsewhere")
    heads.symlink_to(tmp_path / "elsewhere")
    (line,) = loose_ends(ledger, heads)
    assert line.endswith(f"is a symbolic link: the heads lie in {tmp_path / 'elsewhere'}")


def test_what_belongs_to_somebody_else_is_told(places: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    mine = os.geteuid()
    monkeypatch.setattr(os, "geteuid", lambda: mine + 1)
    assert [f"belongs to another user (uid {mine})" in line for line in loose_ends(*places)] == [True, True]
