"""A long list of YAML is read in runs that versions share, and what is read is what libyaml reads of the whole."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.large_exports import generic_yaml, home_assistant
from store.domain.memo import Memo
from store.errors import BadInput
from store.formats.safe_yaml import read, reader, runs
from store.platforms import recognise

FIXTURES = Path(__file__).parent.parent / "platforms/fixtures"

ITEMS = (
    "- a\n", "- b: 1\n  c: 2\n", "- |\n  t\n   u\n\n", "- >+\n  t\n\n\n", "- |+\n\n", "- |2\n    x\n", "- >-\n  x\n",
    "- [1,\n  2]\n", '- "q\n  r"\n', "- - 1\n  - 2\n", "- a:\n    - 1\n", "- a:\n  - 1\n", "# c\n- d\n", "- e # c\n\n",
    "-\n  f\n", "- \n", "-\n", "-\t x\n", "- !x {a: b}\n", "- !\n", "- x\n  y\n\n  z\n", "- é: ü\n", "- ? k\n  : v\n",
)  # fmt: skip
"""Items as people write them."""
ODD = (
    "---\n", "...\n", "--- a\n", "%TAG ! tag:x,1:\n", "%YAML 1.1\n", "- &a 1\n", "- *a\n", "- &b\n", "  <<: *a\n",
    "- *runs\n", "*runs\n", '- "a\n', '" \n', "- 'a\n", "'\n", "- [a\n", "- [a,\n", "]\n", "- {a: 1\n", "}\n",
    "- a: b: c\n", "- {a: 1, a: 2}\n", '- "\\ud800"\n', "- \x01\n", "-- x\n", "-a\n", "k: v\n", "k:\n", ": b\n",
    "? c\n", "z:\n- 1\n", "z: |\n", "\t\n", "\tx\n", " x\n", "  # c\n", "# c\n", "\n", "  \n", "\r\n", "- c\r- d\n",
    "- n\x85- m\n", "- n\x85  m\n", "\x85  # c\n", "\u2028", "- p\u2028  q\n", "\u2029 r\n", "\ufeff- a\n", "\ufeff",
    "- a\x85---\n", "- a\x85...\n", "- |\n  a\n\x85  # c\n", "- " + "k" * 1030 + ": v\n", "- " + "[" * 201 + "\n",
)  # fmt: skip
"""What a cut may go wrong at: texts and brackets over several lines, marks of documents, other ends of lines."""
HEADS = (
    "",
    "",
    "rules:\n",
    "# h\n",
    "---\n",
    "--- !t\n",
    "r: !l\n",
    "r: &x\n",
    "r: |\n",
    "r: [\n",
    "é: ö\nr:\n",
    "a\n",
)


def shifted(text: str, column: int) -> str:
    return "".join(" " * column + line if line.strip() else line for line in text.splitlines(keepends=True))


@st.composite
def texts(draw: Any) -> str:
    column = draw(st.sampled_from((0, 0, 2, 3)))
    odd = draw(st.sampled_from(((), (), ODD)))
    parts = draw(st.lists(st.sampled_from(ITEMS + odd), min_size=1, max_size=8))
    body = "".join(part if part in ODD and draw(st.booleans()) else shifted(part, column) for part in parts)
    tail = draw(st.sampled_from(("", "", "z: 1\n", "z:\n  - late\n", "---\n- n\n", *ODD)))
    text: str = draw(st.sampled_from(HEADS)) + body + tail
    return text.removesuffix("\n") if draw(st.booleans()) else text


def outcome(data: bytes, memo: Memo | None) -> str:
    """Return what is read, told apart by type and order too, or why it is refused."""
    try:
        return repr(read(data, memo))
    except BadInput as error:
        return f"refused: {error}"


@pytest.fixture
def every_item_a_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """Cut texts of any length at every dash."""
    for name in ("_LEAST", "_LEAST_ITEM", "_RUN"):
        monkeypatch.setattr(runs, name, 0)


@pytest.mark.usefixtures("every_item_a_run")
@settings(max_examples=120, deadline=None)
@given(st.lists(texts(), min_size=1, max_size=4))
def test_every_text_is_read_or_refused_in_runs_as_it_is_as_a_whole(several: list[str]) -> None:
    memo = Memo()
    for text in (*several, *several):
        data = text.encode()
        assert outcome(data, memo) == outcome(data, None), text


def counted(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Return a list that is told how many bytes are given to libyaml each time."""
    given: list[int] = []
    real = reader.Reader.of

    def of(text: str | bytes) -> reader.Reader:
        given.append(len(text))
        return real(text)

    monkeypatch.setattr(reader.Reader, "of", of)
    return given


SHAPES = {
    "a list": (b"", b""),
    "a list after a comment and a mark": ("# Geräte\n---\n".encode(), b""),
    "a list in a mapping": ("Räume: 2\nrules: # all\n".encode(), b"last: 1\n"),
    "a tagged list after small ones": (b"a:\n- 1\nb:\n- 2\nc: !rules\n", b"...\n---\nother\n"),
}


@pytest.mark.parametrize("ends", [b"\n", b"\r\n"])
@pytest.mark.parametrize(("head", "tail"), SHAPES.values(), ids=SHAPES)
def test_only_what_is_new_in_a_list_is_read(head: bytes, tail: bytes, ends: bytes, monkeypatch: Any) -> None:
    old = head + home_assistant(400, 1) + tail
    new = head + b"# moved\n- id: new\n" + home_assistant(400, 2)[2_000:].partition(b"\n- ")[2] + tail
    new = new.replace(b"# moved\n- id: new\n", b"- id: new\n  alias: |\n    - id: no item\n\n- ")
    old, new = old.replace(b"\n", ends), new.replace(b"\n", ends)
    wanted = read(new)
    memo = Memo()
    read(old, memo)
    given = counted(monkeypatch)
    assert repr(read(new, memo)) == repr(wanted)
    assert 100 < sum(given) < len(new) / 5


def test_two_versions_share_what_is_alike_and_a_diff_leaves_it_as_it_is() -> None:
    memo = Memo()
    (old,), (new,) = (read(home_assistant(200, version), memo) for version in (1, 2))
    assert isinstance(old, list)
    assert isinstance(new, list)
    assert sum(a is b for a, b in zip(old, new, strict=True)) > 150
    kept = deepcopy(old)
    for maker, name in ((home_assistant, "automations.yaml"), (generic_yaml, "rules.yaml")):
        before, after = (recognise(maker(200, version), name, memo=memo) for version in (1, 2))
        for parsed, version in ((before, 1), (after, 2)):
            assert parsed == recognise(maker(200, version), name)
    assert old == kept


@pytest.mark.parametrize("path", sorted(FIXTURES.rglob("*.y*ml")), ids=lambda path: path.name)
@pytest.mark.usefixtures("every_item_a_run")
def test_exports_are_read_alike_in_runs(path: Path) -> None:
    memo, data = Memo(), path.read_bytes()
    for _ in range(2):
        assert outcome(data, memo) == outcome(data, None)


LONG = home_assistant(60, 1)
REFUSED = {
    "a key twice": (LONG + b"- id: 1\n  id: 2\n", "line 1082: the key 'id' stands twice"),
    "a quote that is not closed": (LONG + b'- id: "1\n', "line 1082"),
    "an alias to another item": (LONG.replace(b"id:", b"id: &a", 1) + b"- *a\n- *b\n", "b names nothing"),
    "too deep": (LONG + b"- " + b"[" * 200 + b"]" * 200, "inside each other"),
    "a byte that is no text": (LONG + b"- \xff\n", f"byte {len(LONG) + 2} "),
}


@pytest.mark.parametrize(("data", "why"), REFUSED.values(), ids=REFUSED)
def test_what_is_refused_is_refused_in_the_words_of_the_whole(data: bytes, why: str) -> None:
    memo = Memo()
    read(LONG, memo)
    with pytest.raises(BadInput, match=why) as whole:
        read(data)
    with pytest.raises(BadInput) as piecewise:
        read(data, memo)
    assert str(piecewise.value) == str(whole.value)


def test_values_are_counted_over_all_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    memo = Memo()
    total = reader.Reader.of(LONG)
    total.documents()
    for most in (total.count - 1, total.count):
        monkeypatch.setattr(reader, "MAX_VALUES", most)
        assert outcome(LONG, memo) == outcome(LONG, None)
        assert ("more than" in outcome(LONG, memo)) is (most < total.count)


def test_what_is_not_worth_cutting_is_read_as_a_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    for data in (
        b"- a\n" * 20_000,
        b"- long enough\n" * 9,
        b"a: 1\n" + b"".join(b"k%d: 1\n" % n for n in range(5_000)),
    ):
        memo, given = Memo(), counted(monkeypatch)
        read(data, memo)
        assert given == [len(data)]
