from __future__ import annotations

import json
from pathlib import Path

import pytest

from console.cli.main import run
from console.key_table import known_keys
from console.screen.keys import CAREFUL, checked_keymap, spelled
from store.errors import BadInput


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    (tmp_path / "quarterdeck").mkdir()
    return tmp_path / "quarterdeck" / "keys.toml"


def test_every_key_of_the_console_is_listed_with_its_id_and_meaning(
    own: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert not own.exists()
    assert run(["keys", "--json"]) == 0
    rows = {row["id"]: row for row in json.loads(capsys.readouterr().out)}
    assert rows["act.approve"] == {"id": "act.approve", "keys": "a", "meaning": "Approve", "own": False}
    assert {"look.diff", "find.filter", "app.help", "list.down", "dialog.yes", "screen.7"} <= set(rows)
    assert all(row["keys"] and row["meaning"] for row in rows.values())


def test_a_persons_own_keys_are_listed_as_theirs(own: Path, capsys: pytest.CaptureFixture[str]) -> None:
    own.write_text('act.approve = "f5"\n"find.filter" = "%"\n')
    assert run(["keys", "--json"]) == 0
    rows = {row["id"]: row for row in json.loads(capsys.readouterr().out)}
    assert (rows["act.approve"]["keys"], rows["act.approve"]["own"]) == ("f5", True)
    assert rows["find.filter"]["keys"] == "percent_sign"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("act.aprove = 'f5'", "no key is called act.aprove; did you mean act.approve"),
        ("act.approve = 'ctrl+a'", "never on enter, space or ctrl"),
        ("act.rollback = 'enter'", "never on enter, space or ctrl"),
        ("act.approve = 'd'", "d cannot be act.approve: it is diff.text"),
        ("act.approve = 'hyperspace'", "act.approve: 'hyperspace' is no key"),
        ("act.approve = 7", "act.approve is to be a key, in quotes"),
        ("act.approve = ", "keys.toml: Invalid value"),
        ("act.\x1b[2J = 'x'", "keys.toml"),
        ("a = " + "[" * 20_000, "keys.toml"),
    ],
)
def test_a_faulty_file_is_one_clear_line(own: Path, capsys: pytest.CaptureFixture[str], text: str, says: str) -> None:
    own.write_text(text)
    assert run(["keys"]) == 2
    out, err = capsys.readouterr()
    assert says in err
    assert err.count("\n") == 1
    assert "\x1b" not in out + err


def test_two_keys_may_be_swapped() -> None:
    assert checked_keymap({"act.approve": "x", "act.refuse": "a"}, known_keys()) == {
        "act.approve": "x",
        "act.refuse": "a",
    }


def test_no_careful_act_is_on_enter_or_ctrl_by_default() -> None:
    known = known_keys()
    assert all(len(key) == 1 for name in CAREFUL for key in known[name].split(","))


@pytest.mark.parametrize(("typed", "key"), [("/", "slash"), (",", "comma"), ("j,down", "j,down"), ("+", "plus")])
def test_keys_are_written_as_they_are_typed(typed: str, key: str) -> None:
    assert spelled(typed) == key


@pytest.mark.parametrize("typed", ["", "ctrl+A", "hyper+a", "ab", "a,,b"])
def test_what_is_no_key_is_refused(typed: str) -> None:
    with pytest.raises(BadInput):
        spelled(typed)
