"""What the pages for newcomers name is there: files, modules, tables, kinds of entry, targets of make."""

import re
import tomllib
from collections.abc import Iterator
from importlib import import_module
from itertools import pairwise
from pathlib import Path

import pytest

from store.domain.events import EVENTS

ROOT = Path(__file__).parents[1]
ARCHITECTURE, CONTRIBUTING = ROOT / "docs" / "architecture.md", ROOT / "CONTRIBUTING.md"
PAGES = (ARCHITECTURE, CONTRIBUTING)
EVERY = (ROOT / "README.md", CONTRIBUTING, *sorted((ROOT / "docs").glob("*.md")))
TREES = {"bench", "console", "docs", "store", "tests"}
PAGE = re.compile(r"(?<![\w./-])[\w/-]+\.md\b")
PACKAGES = {path.name.removesuffix(".py") for path in (ROOT / "store").iterdir()}


def quoted(page: Path) -> Iterator[str]:
    yield from re.findall(r"`([^`\n]+)`", page.read_text(encoding="utf-8"))


def is_there(named: str) -> bool:
    """Say whether a dotted name is a module of ours, or something that one holds."""
    parts = named.split(".")
    for cut in range(len(parts), 0, -1):
        try:
            found = import_module(".".join(parts[:cut]))
        except ModuleNotFoundError:
            continue
        for part in parts[cut:]:
            found = getattr(found, part, None)
        return found is not None
    return False


@pytest.mark.parametrize("page", EVERY, ids=lambda page: page.name)
def test_every_file_that_a_page_names_is_there(page: Path) -> None:
    named = [word for word in quoted(page) if "/" in word and word.split("/")[0] in TREES and " " not in word]
    files = [word for word in named if not re.search(r"[<*…]", word)]
    assert [word for word in files if not (ROOT / word).exists() and not is_there(word.replace("/", "."))] == []


def test_every_page_that_the_source_refers_to_is_there() -> None:
    source = [path for tree in ("console", "store") for path in (ROOT / tree).rglob("*.py")]
    pages = {page for path in source for page in PAGE.findall(path.read_text(encoding="utf-8"))}
    assert "docs/integrity.md" in pages
    assert sorted(page for page in pages if not (ROOT / page).exists()) == []


def test_every_module_that_the_architecture_names_is_there() -> None:
    whole = set(re.findall(r"\b(?:console|store)(?:\.\w+)+", ARCHITECTURE.read_text(encoding="utf-8")))
    words = {word.replace("/", ".") for word in quoted(ARCHITECTURE) if re.fullmatch(r"[a-z_]+([./]\w+)+", word)}
    short = {f"store.{word}" for word in words if word.split(".")[0] in PACKAGES and word not in EVENTS}
    assert whole
    assert short
    named = sorted(name for name in whole | short if not name.endswith((".db", ".py")))
    assert [name for name in named if not is_there(name)] == []


def test_the_architecture_draws_every_floor_in_the_order_that_the_linter_keeps() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]
    (floors,) = (one["layers"] for one in settings["contracts"] if one["id"] == "floors")
    drawn = re.findall(r"\b(?:console|store)\.\w+", ARCHITECTURE.read_text(encoding="utf-8").split("## One way")[0])
    places = [[drawn.index(room) for room in re.split(r" [|:] ", floor)] for floor in floors]
    assert [max(above) < min(below) for above, below in pairwise(places)] == [True] * (len(floors) - 1)


def test_the_architecture_names_every_package_and_every_subject_of_the_services() -> None:
    said = ARCHITECTURE.read_text(encoding="utf-8")
    rooms = [f"{tree}.{name}" for tree in ("console", "store") for name in sorted(rooms_of(ROOT / tree))]
    assert [room for room in rooms if room not in said] == []
    subjects = said.split("a folder a subject")[1].split(")")[0]
    assert [name for name in folders(ROOT / "store" / "services") if not re.search(rf"\b{name}\b", subjects)] == []


def folders(folder: Path) -> list[str]:
    return [path.parent.name for path in sorted(folder.glob("*/__init__.py"))]


def rooms_of(folder: Path) -> set[str]:
    return {*folders(folder), *(path.stem for path in folder.glob("*.py") if path.stem != "__init__")}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_table_that_a_page_names_is_there(page: Path) -> None:
    modules = [path for tree in ("console", "store") for path in (ROOT / tree).rglob("*.py")]
    source = "\n".join(path.read_text(encoding="utf-8") for path in modules)
    names = {word for word in quoted(page) if re.fullmatch(r"[A-Z_]{3,}", word)}
    assert names
    assert [name for name in sorted(names) if not re.search(rf"^ *{name}\b.* = ", source, re.MULTILINE)] == []


def test_every_kind_of_entry_that_the_architecture_names_is_known() -> None:
    subjects = {kind.split(".")[0] for kind in EVENTS}
    named = [word for word in quoted(ARCHITECTURE) if re.fullmatch(r"[a-z]+\.[a-z-]+", word)]
    kinds = [word for word in named if word.split(".")[0] in subjects and not word.endswith(".db")]
    assert kinds
    assert [kind for kind in kinds if kind not in EVENTS] == []


def test_every_target_of_make_that_contributing_names_is_there() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    named = {word.removeprefix("make ") for word in quoted(CONTRIBUTING) if word.startswith("make ")}
    assert named
    assert named <= targets
