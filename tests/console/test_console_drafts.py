from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from support.hostile import HOSTILE

from console.personal.drafts import MOST_KEPT, MOST_LETTERS, Draft, Drafts
from console.presentation.text import writable

TYPED = Draft(project="orders", environment="prod", at="2026-11-23T14:02:00Z", fields={"title": "a", "why": "b\nc"})
TOKEN = "ghp_" + "aB3dE6gH9jK2mN5pQ8sT1vW4yZ7cF0eR3tY6"


def test_a_draft_is_found_again_by_the_same_person_in_the_same_ledger_only(tmp_path: Path) -> None:
    drafts = Drafts(tmp_path, "one", "theo")
    assert drafts.keep("new", TYPED).whole
    assert Drafts(tmp_path, "one", "theo").read("new") == TYPED
    for other in (Drafts(tmp_path, "two", "theo"), Drafts(tmp_path, "one", "mira")):
        assert other.read("new") is None
    assert drafts.read("CR-0001") is None
    (path,) = (tmp_path / "console").iterdir()
    assert path.stat().st_mode & 0o777 == 0o600
    drafts.drop("new")
    assert drafts.read("new") is None
    drafts.drop("new")


def test_a_secret_is_never_written_in_clear_and_it_is_said_where_it_was(tmp_path: Path) -> None:
    drafts = Drafts(tmp_path, "one", "theo")
    kept = drafts.keep("new", replace(TYPED, fields={"title": "a", "why": f"the token is {TOKEN}, use it"}))
    assert kept.hidden == ("why",)
    assert not kept.whole
    (path,) = (tmp_path / "console").iterdir()
    assert TOKEN not in path.read_text()
    assert "use it" in drafts.read("new").fields["why"]


def test_drafts_are_few_and_small_and_a_full_disk_is_said(tmp_path: Path) -> None:
    drafts = Drafts(tmp_path, "one", "theo")
    for number in range(MOST_KEPT + 5):
        drafts.keep(f"CR-{number:04}", TYPED)
    assert len(list((tmp_path / "console").iterdir())) == MOST_KEPT
    assert drafts.read(f"CR-{MOST_KEPT + 4:04}") == TYPED
    assert drafts.keep("new", replace(TYPED, fields={"why": "x" * (MOST_LETTERS + 1)})).cut == ("why",)
    (tmp_path / "file").write_text("in the way")
    assert not Drafts(tmp_path / "file", "one", "theo").keep("new", TYPED).written


@pytest.mark.parametrize("text", ["", "{", "[]", '{"project": 7}', "[" * 9_000, "x" * 2_000_000])
def test_a_corrupt_draft_is_none(tmp_path: Path, text: str) -> None:
    drafts = Drafts(tmp_path, "one", "theo")
    drafts.keep("new", TYPED)
    (path,) = (tmp_path / "console").iterdir()
    path.write_text(text)
    assert drafts.read("new") is None


@pytest.mark.parametrize("text", HOSTILE)
def test_what_is_written_into_a_form_shows_itself(text: str) -> None:
    plain = writable(f"a{text}\r\nb\tc")
    assert plain.endswith("\nb   c")
    assert writable(plain) == plain
    assert not set(plain) & set("\x1b\x00\x7f\u202e\u200b\u2066\ud800")
