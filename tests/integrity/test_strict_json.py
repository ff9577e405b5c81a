from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from store.errors import BadInput
from store.integrity import strict_json
from store.integrity.strict_json import MAX_DEPTH, parse

pytestmark = pytest.mark.usefixtures("collector_waits")
# Valid by RFC 8259's grammar, refused here on purpose: two readers would disagree about them.
DUPLICATE_KEYS = {"y_object_duplicated_key.json", "y_object_duplicated_key_and_value.json"}


def verdict(data: bytes) -> str:
    started = time.process_time()
    try:
        parse(data)
    except BadInput as error:
        result, words = "refused", str(error)
    else:
        result, words = "read", "JSON: "
    assert time.process_time() - started < 1
    assert words.startswith("JSON: ")
    assert len(words) < 200
    assert "\n" not in words
    return result


def test_json_test_suite_gets_the_published_verdicts(vectors: Path) -> None:
    files = sorted((vectors / "json-test-suite" / "test_parsing").iterdir())
    wrong = []
    for file in files:
        got = verdict(file.read_bytes())
        wanted = {"y": "read", "n": "refused"}.get(file.name[0], got)
        if file.name in DUPLICATE_KEYS:
            wanted = "refused"
        if got != wanted:
            wrong.append((file.name, got))
    assert wrong == []
    assert len(files) == 318


def test_json_test_suite_transformations_are_read_or_refused_but_never_crash(vectors: Path) -> None:
    for file in (vectors / "json-test-suite" / "test_transform").iterdir():
        verdict(file.read_bytes())


def test_naughty_strings_survive_unchanged(vectors: Path) -> None:
    data = (vectors / "naughty-strings" / "blns.json").read_bytes()
    assert parse(data).value == json.loads(data)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b'{"a":1,"b":2,"a":3}', 'key "a" stands twice'),
        (b'{"a":[{"x":1,"\\u0078":2}]}', 'key "x" stands twice'),
        (b"[NaN]", "NaN"),
        (b"[-Infinity]", "-Infinity"),
        (b"1e400", "too large"),
        (b"[1] x", "line 1, column 5"),
        (b'["\\ud800"]', "lone surrogate) at /0"),
        (b'{"a":{"\\udfff":1}}', "in a key at /a"),
        (b'{"\\ud83d\\ude00":"\\ude00\\ud83d"}', "lone surrogate"),
        (b"\xff\xfe[\x00]", "UTF-16"),
        (b"\xff\xfe[\x00\x00\xd8]\x00", "UTF-16"),
        (b"\xff\xfe\x00\x00[\x00\x00\x00]\x00\x00\x00", "UTF-32"),
        (b"[\x00]\x00", "UTF-16"),
        (b'["\xc3\x28"]', "byte 2 is not valid UTF-8"),
        (b'["\xed\xa0\x80"]', "not valid UTF-8"),
        (b'["\t"]', "line 1"),
        (b"", "line 1, column 1"),
        (b"\xef\xbb\xbf", "line 1, column 1"),
        (b"\xef\xbb\xbf\xef\xbb\xbf1", "line 1"),
        (b"9" * 5000, "more digits"),
    ],
)
def test_what_readers_would_disagree_about_is_refused_with_a_place(data: bytes, words: str) -> None:
    with pytest.raises(BadInput) as refused:
        parse(data)
    assert words in str(refused.value)


def test_a_byte_order_mark_is_skipped() -> None:
    assert parse(b'\xef\xbb\xbf{"a": 1}').value == {"a": 1}


def test_paired_surrogate_escapes_are_one_character() -> None:
    assert parse(b'["\\ud83d\\ude00", "\\\\ud800"]').value == ["😀", "\\ud800"]


def test_integers_of_any_reasonable_size_are_kept_exactly() -> None:
    assert parse(b"[18446744073709551616, -9007199254740993]").value == [2**64, -(2**53) - 1]


@pytest.mark.parametrize(
    ("data", "has_float"), [(b"[1, -0]", False), (b"[1.0]", True), (b"1e2", True), (b'"1.5"', False)]
)
def test_the_document_says_whether_a_number_is_written_as_a_fraction(data: bytes, has_float: bool) -> None:
    assert parse(data).has_float is has_float


@pytest.mark.parametrize(("opening", "closing"), [(b"[", b"]"), (b'{"a":', b"}"), (b'[{"a":', b"}]")])
def test_nesting_is_allowed_to_the_limit_and_not_one_level_further(opening: bytes, closing: bytes) -> None:
    levels = len(opening.replace(b'"a":', b""))
    at_limit = MAX_DEPTH // levels
    parse(opening * at_limit + b"1" + closing * at_limit)
    with pytest.raises(BadInput, match="inside each other"):
        parse(opening * (at_limit + 1) + b"1" + closing * (at_limit + 1))


@pytest.mark.parametrize("data", [b"[" * 3_000_000, b'{"a":' * 500_000, b'["\\"' + b'\\"[{' * 300_000, b'"' * 999_999])
def test_endless_nesting_and_open_strings_are_refused_quickly(data: bytes) -> None:
    assert verdict(data) == "refused"


def test_brackets_inside_strings_are_no_nesting() -> None:
    assert parse(json.dumps(["[{" * 5000, '\\"[' * 500]).encode()).value


@given(st.lists(st.sampled_from(["[", "{", "]", '"', "\\", "a", "\\\\", '\\"']), max_size=12).map("".join))
def test_only_brackets_outside_strings_count(inside: str) -> None:
    text = json.dumps([inside * 40, {inside: inside}]).encode()
    for depth in (MAX_DEPTH - 2, MAX_DEPTH - 1):
        data = b"[" * depth + text + b"]" * depth
        assert verdict(data) == ("read" if depth + 2 <= MAX_DEPTH else "refused")


def test_many_shallow_arrays_are_no_nesting() -> None:
    assert len(parse(b"[" + b",".join([b"[]"] * 5000) + b"]").value) == 5000


def test_an_almost_full_stack_is_an_answer_and_no_crash() -> None:
    def deeper(left: int) -> str:
        # the number is not as a writer puts it, so that the exact reader, which needs the stack, is asked
        return deeper(left - 1) if left else verdict(b"[" * 190 + b"1.00" + b"]" * 190)

    frame, used = sys._getframe(), 0
    while frame := frame.f_back:
        used += 1
    assert deeper(sys.getrecursionlimit() - used - 120) == "refused"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=30,
)


@given(JSON, st.booleans())
def test_whatever_json_dumps_writes_is_read_back(value: object, ascii_only: bool) -> None:
    assert parse(json.dumps(value, ensure_ascii=ascii_only).encode()).value == value


MARK = b"\xef\xbb\xbf"
"""A byte order mark is skipped, and keeps the quick reader out."""
KEYS = st.sampled_from(["a", 'a\\": ', 'a\\":', "b", "\u00e9"])
DOUBLED = st.recursive(
    st.sampled_from(["1", "0.5", '"\\": "', '"\\":"', "[]", "{}", "-0", "1.0", "1e5", "12345678901234567890123"]),
    lambda inner: st.lists(st.tuples(KEYS, inner)).map(
        lambda pairs: "{" + ",".join(f'"{key}": {value}' for key, value in pairs) + "}"
    ),
    max_leaves=8,
)


def read(data: bytes) -> object:
    try:
        document = parse(data)
    except BadInput:
        return "refused"
    return repr(document.value)


@given(JSON, st.sampled_from([None, 1, 2, 4, "\t"]), st.booleans())
def test_the_quick_reader_and_the_exact_one_read_the_same(
    value: object, indent: int | str | None, spaced: bool
) -> None:
    separators = None if spaced else (",", ":")
    data = json.dumps(value, indent=indent, separators=separators, ensure_ascii=False).encode("utf-8", "surrogatepass")
    assert read(data) == read(MARK + data)


@given(DOUBLED, st.sampled_from(["", "\n", " ", "\n    "]))
def test_a_key_that_stands_twice_never_slips_through_the_quick_reader(text: str, gap: str) -> None:
    data = text.replace("{", "{" + gap).replace(",", "," + gap).encode()
    assert read(data) == read(MARK + data)


@given(st.binary(max_size=200) | st.text('[]{}",:0123456789.eE+-\\ud8ntrfals \n', max_size=60).map(str.encode))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    verdict(data)


@pytest.mark.parametrize("text", ["[" + "1," * 50 + "1]", '{"a": ' * 20 + "0" + "}" * 20, '["' + '","' * 60 + '"]'])
def test_a_document_of_too_many_values_is_refused_before_it_is_built(
    monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    assert parse(text.encode()).value
    monkeypatch.setattr(strict_json, "MAX_VALUES", 15)
    monkeypatch.setattr(strict_json, "_MOST_QUICK_VALUES", 15)
    monkeypatch.setattr(strict_json, "_CHUNK", 7)
    with pytest.raises(BadInput, match="members and items"):
        parse(text.encode())


def test_commas_and_brackets_inside_strings_do_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(strict_json, "MAX_VALUES", 5)
    monkeypatch.setattr(strict_json, "_MOST_QUICK_VALUES", 5)
    for chunk in (1, 2, 3, 5, 1000):
        monkeypatch.setattr(strict_json, "_CHUNK", chunk)
        text = r'["a,[,{", "\\", "\",[", {"k,": ",,,,,,,,"}]'
        assert isinstance(parse(text.encode()).value, list)


def test_an_object_of_too_many_members_is_refused_and_many_small_ones_are_not(monkeypatch: pytest.MonkeyPatch) -> None:
    """A million different keys take twice the memory of a million members of objects that are alike."""
    monkeypatch.setattr(strict_json, "MAX_MEMBERS", 5)
    monkeypatch.setattr(strict_json, "_MOST_QUICK_BYTES", 0)
    small = {str(number): number for number in range(5)}
    assert parse(json.dumps([small] * 20).encode()).value == [small] * 20
    with pytest.raises(BadInput, match="an object of more than 5 members"):
        parse(json.dumps({str(number): number for number in range(6)}).encode())


def test_the_line_about_utf_16_says_how_to_convert_it() -> None:
    with pytest.raises(BadInput, match=r"iconv -f UTF-16LE -t UTF-8"):
        strict_json.parse('{"a": 1}'.encode("utf-16-le"))


@pytest.mark.parametrize("codec", ["utf-16-le", "utf-16-be"])
def test_utf_16_with_a_byte_order_mark_is_read(codec: str) -> None:
    text = '\ufeff{"größe": "\U0001f4a1", "n": 12345678901234567890123}'
    assert strict_json.parse(text.encode(codec)).value == {"größe": "💡", "n": 12345678901234567890123}
