from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import NoReturn

import pytest

from store.errors import BadInput, StorageFailure
from store.intake.inbox import MAX_FOLDERS, Drop, Problem, Root, label_fault, read_drop, scan


def look(root: Root | Path) -> tuple[dict[str, Drop], dict[str, str]]:
    """What a scan says: drops by environment/project/name, reasons by path below the root."""
    root = Root(kind="inbox", path=root) if isinstance(root, Path) else root
    drops: dict[str, Drop] = {}
    problems: dict[str, str] = {}
    for item in scan(root):
        match item:
            case Drop():
                drops[f"{item.environment}/{item.project}/{item.name}"] = item
            case Problem():
                problems[os.fspath(item.path.relative_to(root.path))] = item.reason
    return drops, problems


def write(root: Path, name: str, text: str = "{}") -> Path:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def test_a_file_is_known_by_environment_project_and_name(tmp_path: Path) -> None:
    write(tmp_path, "prod/orders/flows.json", "12345")
    write(tmp_path, "prod/orders/sub/deep/x.json")
    drops, problems = look(tmp_path)
    assert problems == {}
    assert set(drops) == {"prod/orders/flows.json", "prod/orders/sub/deep/x.json"}
    found = drops["prod/orders/flows.json"]
    assert (found.environment, found.project, found.name) == ("prod", "orders", "flows.json")
    assert found.signature[0] == 5
    assert read_drop(found) == b"12345"


def test_a_root_of_one_environment_starts_with_the_projects(tmp_path: Path) -> None:
    write(tmp_path, "orders/flows.json")
    write(tmp_path, "stray.json")
    drops, problems = look(Root(kind="observed", path=tmp_path, environment="prod"))
    assert set(drops) == {"prod/orders/flows.json"}
    assert drops["prod/orders/flows.json"].kind == "observed"
    assert "in no project" in problems["stray.json"]


def test_a_root_that_does_not_exist_holds_nothing(tmp_path: Path) -> None:
    assert look(tmp_path / "none") == ({}, {})


@pytest.mark.parametrize(
    "name",
    [".flows.json.backup", ".hidden/x.json", "flows.json~", ".flows.json.swp", "x.swp", "#x#", "~$x.xlsx",
     "x.tmp", "x.json.part", "x.crdownload", "4913", "Thumbs.db", "x.BAK"],
)  # fmt: skip
def test_what_editors_and_downloads_leave_is_passed_over(tmp_path: Path, name: str) -> None:
    write(tmp_path, f"prod/orders/{name}")
    assert look(tmp_path) == ({}, {})


@pytest.mark.parametrize("name", ["node_modules/x.json", "x~y.json", "__pycache__/a.json", "tmp", "x.part.json"])
def test_nothing_else_is_passed_over(tmp_path: Path, name: str) -> None:
    write(tmp_path, f"prod/orders/{name}")
    assert set(look(tmp_path)[0]) == {f"prod/orders/{name}"}


def test_a_file_outside_any_project_is_a_problem(tmp_path: Path) -> None:
    write(tmp_path, "a.json")
    write(tmp_path, "prod/b.json")
    drops, problems = look(tmp_path)
    assert drops == {}
    assert set(problems) == {"a.json", "prod/b.json"}
    assert all("in no project" in reason for reason in problems.values())


def test_links_pipes_and_the_like_are_problems_and_nothing_is_followed(tmp_path: Path) -> None:
    root = tmp_path / "inbox"
    folder = write(root, "prod/orders/good.json").parent
    (folder / "link.json").symlink_to("/etc/passwd")
    (folder / "loop").symlink_to("..")
    (root / "staging").symlink_to(tmp_path)
    os.mkfifo(folder / "pipe.json")
    drops, problems = look(root)
    assert set(drops) == {"prod/orders/good.json"}
    assert "symbolic link" in problems["prod/orders/link.json"]
    assert "symbolic link" in problems["prod/orders/loop"]
    assert "symbolic link" in problems["staging"]
    assert "FIFO" in problems["prod/orders/pipe.json"]


HOSTILE = [
    "a\x1b]52;c;aGk=\x07b.json", "a\nb.json", "a\tb", "\x7f", "a\u202egpj.json", "a\u200bb", "\ufeffx", "a\x85b",
    "a\u2028b", "a\u2066b", "back\\slash",
]  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_a_name_that_could_deceive_is_a_problem(tmp_path: Path, name: str) -> None:
    write(tmp_path, f"prod/orders/{name}")
    drops, problems = look(tmp_path)
    assert drops == {}
    ((_path, reason),) = problems.items()
    assert reason.isascii()
    assert reason.isprintable()


@pytest.mark.parametrize(
    "name", ["Größe.json", "日本語.json", "👩‍💻.json", "می‌خواهم.json", "[@click=x]", "a b.json", "-rf"]
)
def test_a_name_in_any_language_is_fine(tmp_path: Path, name: str) -> None:
    write(tmp_path, f"prod/orders/{name}")
    assert set(look(tmp_path)[0]) == {f"prod/orders/{name}"}


@pytest.mark.parametrize("project", ["-rf", " orders", "orders "])
def test_a_project_that_looks_like_another_or_like_an_option_is_a_problem(tmp_path: Path, project: str) -> None:
    write(tmp_path, f"prod/{project}/x.json")
    drops, problems = look(tmp_path)
    assert drops == {}
    assert set(problems) == {f"prod/{project}"}


def test_a_name_that_is_no_utf8_is_a_problem(tmp_path: Path) -> None:
    write(tmp_path, "prod/orders/good.json")
    try:
        (tmp_path / "prod" / "orders" / os.fsdecode(b"\xff\xfe.json")).write_text("{}")
    except OSError:
        pytest.skip("this file system takes only UTF-8 names")
    drops, problems = look(tmp_path)
    assert set(drops) == {"prod/orders/good.json"}
    assert list(problems.values()) == ["its name is not valid UTF-8"]


def test_folders_without_end_are_a_problem(tmp_path: Path) -> None:
    write(tmp_path, "prod/orders/" + "d/" * MAX_FOLDERS + "fine.json")
    write(tmp_path, "prod/orders/" + "d/" * (MAX_FOLDERS + 1) + "too-deep.json")
    drops, problems = look(tmp_path)
    assert len(drops) == 1
    assert list(problems.values()) == [f"it is more than {MAX_FOLDERS} folders deep"]


def test_a_path_longer_than_the_system_takes_is_a_problem(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, "prod/orders/good.json")
    monkeypatch.chdir(tmp_path / "prod" / "orders")
    for _ in range(20):
        Path("x" * 250).mkdir()
        monkeypatch.chdir("x" * 250)
    drops, problems = look(tmp_path)
    assert set(drops) == {"prod/orders/good.json"}
    assert len(problems) == 1


def test_a_folder_swapped_for_a_link_after_the_scan_is_not_followed(tmp_path: Path) -> None:
    root = tmp_path / "inbox"
    drop = look_one(write(root, "prod/orders/x.json", "mine"), root)
    write(tmp_path, "other/x.json", "secret")
    (root / "prod" / "orders").rename(tmp_path / "away")
    (root / "prod" / "orders").symlink_to(tmp_path / "other")
    with pytest.raises(BadInput, match="symbolic link"):
        read_drop(drop)


def look_one(_path: Path, root: Path) -> Drop:
    ((_name, drop),) = look(root)[0].items()
    return drop


@pytest.mark.parametrize("number", [errno.EACCES, errno.EIO, errno.ESTALE])
def test_a_root_that_cannot_be_read_is_not_an_empty_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    write(tmp_path, "prod/orders/x.json")

    def closed(_descriptor: int) -> NoReturn:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "scandir", closed)  # tests may run as root, who may read whatever its mode is
    with pytest.raises(StorageFailure, match=f"the folder cannot be read: {os.strerror(number)}"):
        list(scan(Root(kind="inbox", path=tmp_path)))
    assert list(scan(Root(kind="inbox", path=tmp_path / "missing"))) == []


def test_every_folder_looked_into_is_told(tmp_path: Path) -> None:
    write(tmp_path, "prod/orders/a/x.json")
    (tmp_path / "prod" / "link").symlink_to("/")
    folders: dict[Path, tuple[int, int]] = {}
    list(scan(Root(kind="inbox", path=tmp_path), folders=folders))
    expected = [tmp_path, tmp_path / "prod", tmp_path / "prod" / "orders", tmp_path / "prod" / "orders" / "a"]
    assert sorted(folders) == expected


@pytest.mark.parametrize("label", ["", ".", "..", "a/b", "x" * 256, "é" * 128, "\ud800"])
def test_labels_that_are_no_names(label: str) -> None:
    assert label_fault(label) is not None
