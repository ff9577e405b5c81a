from __future__ import annotations

import enum
import gzip
import json
import math
import random
import struct
from pathlib import Path

import pytest
import rfc8785
from hypothesis import example, given
from hypothesis import strategies as st

from store.errors import BadInput
from store.integrity.canonical import MAX_DEPTH, canonical_bytes, entry_bytes
from store.integrity.strict_json import parse

SAFE = st.integers(-(2**53) + 1, 2**53 - 1)
FLOATS = st.floats(allow_nan=False, allow_infinity=False)
KEYS = st.text() | st.sampled_from(["", "a", "\ue000", "\uffff", "\U0001f600", "\ud7ff", "é", "e\u0301"])
VALUES = st.recursive(
    st.none() | st.booleans() | SAFE | FLOATS | st.text(),
    lambda inner: st.lists(inner, max_size=6) | st.dictionaries(KEYS, inner, max_size=6),
    max_leaves=40,
)
ENTRY_VALUES = st.recursive(
    st.none() | st.booleans() | SAFE | st.text(),
    lambda inner: (
        st.lists(inner, max_size=6) | st.dictionaries(st.text(st.characters(max_codepoint=127)), inner, max_size=6)
    ),
    max_leaves=40,
)


@given(VALUES)
def test_canonical_bytes_are_those_of_rfc8785_on_everything_both_accept(value: object) -> None:
    assert canonical_bytes(value) == rfc8785.dumps(value)


@given(ENTRY_VALUES)
def test_entry_bytes_are_those_of_rfc8785_on_everything_an_entry_may_hold(value: object) -> None:
    assert entry_bytes(value) == canonical_bytes(value) == rfc8785.dumps(value)


@given(FLOATS)
@example(1e-3)
@example(math.nextafter(1e15, 0))
@example(1e15)
@example(1e16)
@example(123456789012345.67)
@example(0.001)
@example(-0.0)
@example(1e-6)
@example(1e-7)
@example(1e21)
@example(5e-324)
def test_one_float_among_plain_values_is_written_as_ecmascript_does(number: float) -> None:
    assert canonical_bytes({"x": [number]}) == rfc8785.dumps({"x": [number]})


def test_a_hundred_thousand_floats_that_orjson_writes_are_written_as_ecmascript_does() -> None:
    dice = random.Random(8785)
    numbers = [round(dice.uniform(-1, 1) * 10 ** dice.uniform(-3, 15), dice.randrange(17)) for _ in range(100_000)]
    assert canonical_bytes(numbers) == rfc8785.dumps(numbers)
    for number in numbers:
        assert canonical_bytes(number) == rfc8785.dumps(number)


@given(VALUES)
def test_reading_canonical_bytes_and_writing_them_again_changes_nothing(value: object) -> None:
    written = canonical_bytes(value)
    assert canonical_bytes(parse(written).value) == written


def test_the_published_documents_come_out_byte_for_byte(vectors: Path) -> None:
    folder = vectors / "jcs" / "testdata"
    for file in sorted((folder / "input").iterdir()):
        written = canonical_bytes(parse(file.read_bytes()).value)
        assert written == (folder / "output" / file.name).read_bytes(), file.name
        in_hex = (folder / "outhex" / file.name).with_suffix(".txt").read_text()
        assert written == bytes.fromhex(in_hex), file.name


def test_the_published_hundred_thousand_numbers_come_out_digit_for_digit(vectors: Path) -> None:
    lines = gzip.decompress((vectors / "jcs" / "numbers" / "es6testfile100k.txt.gz").read_bytes()).decode().split()
    assert len(lines) == 100_000
    for line in lines:
        bits, text = line.split(",")
        (number,) = struct.unpack(">d", int(bits, 16).to_bytes(8, "big"))
        assert canonical_bytes(number).decode() == text, bits


@pytest.mark.parametrize("number", [2**53, -(2**53), 2**64, -(2**64), 2**63 + 1, 10**400])
def test_an_integer_beyond_the_doubles_keeps_all_its_digits(number: int) -> None:
    assert canonical_bytes([number]) == f"[{number}]".encode()


def test_keys_are_sorted_by_utf_16_unit_and_not_by_code_point() -> None:
    assert canonical_bytes({"\uffff": 1, "\U0001f600": 2}) == '{"😀":2,"\uffff":1}'.encode()


@pytest.mark.parametrize(
    "value",
    [math.nan, math.inf, [-math.inf], "\ud800", ["x\udfff"], {"\ud800": 1}, {1: 2}, {None: 1}, b"x", {1, 2}, object(),
     [10**5000], {"a": [{"b": 1j}]}],
)  # fmt: skip
def test_what_json_cannot_say_is_refused(value: object) -> None:
    with pytest.raises(BadInput):
        canonical_bytes(value)
    with pytest.raises(BadInput):
        entry_bytes(value)


def test_subclasses_are_written_as_what_they_are() -> None:
    class Word(str, enum.Enum):  # noqa: UP042 - its str() is `Word.A`, which must not be written
        A = "a"

    class Number(enum.IntEnum):
        ONE = 1

    assert canonical_bytes([Word.A, Number.ONE, (1, (2,), ()), {Word.A: True}]) == b'["a",1,[1,[2],[]],{"a":true}]'


@pytest.mark.parametrize("leaf", [1, 1.0, "é"])
def test_nesting_ends_in_a_refusal_and_never_in_a_recursion_error(leaf: object) -> None:
    def nested(depth: int) -> object:
        value = leaf
        for level in range(depth):
            value = [value] if level % 2 else {"é": value}
        return value

    assert canonical_bytes(nested(MAX_DEPTH))
    for depth in (MAX_DEPTH + 1, 5000):
        with pytest.raises(BadInput, match="inside each other"):
            canonical_bytes(nested(depth))
    endless: list[object] = []
    endless.append(endless)
    for write in (canonical_bytes, entry_bytes):
        with pytest.raises(BadInput, match="inside each other"):
            write(endless)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ({"data": {"count": 1.5}}, "/data/count: a floating-point number"),
        ({"data": [1.0]}, "/data/0: a floating-point number"),
        ({"n": 2**53}, "/n: an integer beyond"),
        ({"n": -(2**53)}, "/n: an integer beyond"),
        ({"a": {"ü": 1}}, r"/a: a key must be ASCII text, not '\xfc'"),
        ({"a": "\ud800"}, "lone surrogate"),
        ({"a": (1,)}, "/a: a tuple"),
        ({"a": b""}, "/a: a bytes"),
    ],
)
def test_what_an_entry_must_not_hold_is_refused_with_its_place(value: object, words: str) -> None:
    with pytest.raises(BadInput) as refused:
        entry_bytes(value)
    assert words in str(refused.value)


def test_entries_may_hold_the_largest_exact_integers() -> None:
    assert entry_bytes([2**53 - 1, -(2**53) + 1]) == b"[9007199254740991,-9007199254740991]"


@given(st.text())
def test_strings_carry_only_the_escapes_of_the_specification(text: str) -> None:
    written = canonical_bytes(text).decode()
    assert json.loads(written) == text
    assert "\\/" not in written
    assert "\u007f" not in text or "\u007f" in written


@pytest.mark.parametrize(
    "value", [1.0, 2**53, -(2**53), {"é": 1}, {1: 1}, (1,), b"1", {"a": [1, {"b": 0.5}]}, [[2**53]], {"a": {"ü": None}}]
)
def test_what_no_entry_may_hold_is_refused_with_its_place(value: object) -> None:
    with pytest.raises(BadInput, match=r"^/"):
        entry_bytes(value)
