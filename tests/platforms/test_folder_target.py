"""Delivery to a folder: exact bytes, nothing outside it, nobody's change overwritten unseen."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from store.domain.component import ExportFile
from store.errors import BadInput, Conflict, PlatformFailure
from store.platforms import Target
from store.platforms.folder import FolderTarget


@pytest.fixture
def target(tmp_path: Path) -> Target:
    return FolderTarget(deliver=tmp_path / "out" / "prod")


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "out" / "prod" / "orders"


def file(name: str, text: str) -> ExportFile:
    return ExportFile(name=name, data=text.encode())


def deliver(target: Target, *files: ExportFile, remove: tuple[str, ...] = ()) -> str:
    return target.push("orders", files, expected=target.fetch("orders").revision, remove=remove).revision


def names(place: Path) -> list[str]:
    return sorted(str(path.relative_to(place)) for path in place.rglob("*") if not path.is_dir())


def test_a_place_where_nothing_was_delivered_holds_no_files_and_is_not_made_by_looking(
    target: Target, place: Path
) -> None:
    assert target.fetch("orders").files == ()
    assert not place.parent.parent.exists()


def test_the_exact_bytes_are_laid_down_and_read_back(target: Target, place: Path) -> None:
    revision = deliver(target, file("flows.json", "[ ]\r\n"), file("sub/more.json", "{}"))
    assert (place / "flows.json").read_bytes() == b"[ ]\r\n"
    assert names(place) == ["flows.json", "sub/more.json"]
    snapshot = target.fetch("orders")
    assert snapshot.revision == revision
    assert [(item.name, item.data) for item in snapshot.files] == [("flows.json", b"[ ]\r\n"), ("sub/more.json", b"{}")]


def test_a_file_that_is_not_in_the_release_goes_only_when_it_is_named(target: Target, place: Path) -> None:
    deliver(target, file("a.json", "1"), file("b.json", "2"), file("c.json", "3"))
    deliver(target, file("a.json", "4"), remove=("b.json", "never-there.json", "a.json"))
    assert names(place) == ["a.json", "c.json"]
    assert (place / "a.json").read_text() == "4"


def test_the_revision_follows_the_content_and_comes_back_with_it(target: Target) -> None:
    first = deliver(target, file("a.json", "1"))
    second = deliver(target, file("a.json", "2"))
    assert first != second
    assert deliver(target, file("a.json", "1")) == first


def test_a_change_by_somebody_else_is_a_conflict_and_stays(target: Target, place: Path) -> None:
    compared = deliver(target, file("a.json", "1"))
    (place / "a.json").write_text("by hand")
    with pytest.raises(Conflict, match="somebody else"):
        target.push("orders", [file("a.json", "2")], expected=compared)
    assert (place / "a.json").read_text() == "by hand"


@pytest.mark.parametrize(
    "name",
    ["../x.json", "/etc/x.json", "a/../../x", "", ".", "a//b", ".hidden", "a/.git/x", "x\0y", "x\ny", "y" * 256,
     "a/" * 40 + "x", "\ud800"],
)  # fmt: skip
def test_a_name_that_leaves_its_place_is_refused_before_anything_is_written(
    target: Target, tmp_path: Path, name: str
) -> None:
    expected = target.fetch("orders").revision
    with pytest.raises(BadInput):
        target.push("orders", [file("good.json", "1"), file(name, "2")], expected=expected)
    with pytest.raises(BadInput):
        target.push("orders", [], expected=expected, remove=[name])
    assert list(tmp_path.rglob("*.json")) == []


@pytest.mark.parametrize("project", ["..", "a/b", "", ".git"])
def test_a_project_is_one_plain_name(target: Target, project: str) -> None:
    with pytest.raises(BadInput):
        target.fetch(project)


def test_a_file_twice_in_one_release_is_refused(target: Target) -> None:
    with pytest.raises(BadInput, match="two files"):
        deliver(target, file("a.json", "1"), file("a.json", "2"))


def test_a_link_in_a_files_place_is_replaced_and_what_it_points_to_stays(
    target: Target, place: Path, tmp_path: Path
) -> None:
    precious = tmp_path / "precious.json"
    precious.write_text("precious")
    before = deliver(target, file("a.json", "1"))
    (place / "a.json").unlink()
    (place / "a.json").symlink_to(precious)
    snapshot = target.fetch("orders")
    assert snapshot.files == ()
    assert snapshot.revision != before
    deliver(target, file("a.json", "2"))
    assert precious.read_text() == "precious"
    assert not (place / "a.json").is_symlink()
    assert (place / "a.json").read_text() == "2"


def test_a_link_in_a_folders_place_is_never_followed(target: Target, place: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    deliver(target, file("a.json", "1"))
    (place / "sub").symlink_to(outside)
    with pytest.raises(PlatformFailure):
        deliver(target, file("a.json", "2"), file("sub/b.json", "2"))
    with pytest.raises(PlatformFailure):
        deliver(target, remove=("sub/b.json",))
    assert list(outside.iterdir()) == []
    assert (place / "a.json").read_text() == "1"


def test_a_project_that_is_a_link_is_never_followed(target: Target, place: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    place.parent.mkdir(parents=True)
    place.symlink_to(outside)
    with pytest.raises(PlatformFailure):
        target.push("orders", [file("a.json", "1")], expected="")
    assert list(outside.iterdir()) == []


def test_a_pipe_in_a_files_place_does_not_hang_anybody(target: Target, place: Path) -> None:
    deliver(target, file("a.json", "1"))
    os.mkfifo(place / "b.json")
    assert [item.name for item in target.fetch("orders").files] == ["a.json"]


def test_a_folder_in_a_files_place_is_a_clear_failure_and_nothing_is_changed(target: Target, place: Path) -> None:
    deliver(target, file("a.json", "1"))
    (place / "b.json").mkdir()
    with pytest.raises(PlatformFailure, match="a folder stands where"):
        deliver(target, file("a.json", "2"), file("b.json", "2"))
    assert (place / "a.json").read_text() == "1"
    assert names(place) == ["a.json"]


def test_dot_files_beside_the_exports_are_nobodys_business(target: Target, place: Path) -> None:
    before = deliver(target, file("flows.json", "[]"))
    (place / ".flows.json.backup").write_text("old")
    assert target.fetch("orders").revision == before


def test_a_deliver_folder_that_is_a_file_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("a file")
    target = FolderTarget(deliver=tmp_path / "out")
    with pytest.raises(PlatformFailure, match="cannot read"):
        target.fetch("orders")
    with pytest.raises(PlatformFailure, match="cannot write"):
        target.push("orders", [file("a.json", "1")], expected="")


def test_of_many_deliveries_over_one_revision_exactly_one_wins(target: Target, place: Path) -> None:
    compared = deliver(target, file("a.json", "0"))

    def attempt(number: int) -> str | None:
        try:
            target.push("orders", [file("a.json", str(number))], expected=compared)
        except Conflict:
            return None
        return str(number)

    with ThreadPoolExecutor(8) as pool:
        won = [result for result in pool.map(attempt, range(1, 17)) if result is not None]
    assert [(place / "a.json").read_text()] == won
    assert names(place) == ["a.json"]
