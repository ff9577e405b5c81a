from __future__ import annotations

import json
from base64 import b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from store.errors import BadInput, IntegrityFailure
from store.integrity.entry import FIRST_PREV, MAX_BODY, Entry, Statement, check_links, open_entry, seal
from store.integrity.merkle import leaf_hash

STATEMENT = Statement(
    origin="example.com/ledger/prod",
    kind="approval.granted",
    time="2026-11-23T10:00:00.000Z",
    actor="p-7f3a",
    on={"request": "CR-12"},
    data={"decision": "yes", "head": {"size": 41, "root": "ab"}, "big": str(2**70), "note": "größer"},
)
CANONICAL = (
    '{"actor":"p-7f3a","data":{"big":"1180591620717411303424","decision":"yes","head":{"root":"ab","size":41},'
    '"note":"größer"},"kind":"approval.granted","on":{"request":"CR-12"},"origin":"example.com/ledger/prod",'
    '"time":"2026-11-23T10:00:00.000Z","v":1}'
).encode()


def sealed(signature: bytes | None = b"SSHSIG blob") -> Entry:
    return seal(1, FIRST_PREV, STATEMENT, signature)


def opened(body: bytes, seq: int = 1) -> Entry:
    return open_entry(seq, body, leaf_hash(body))


def test_a_statement_has_exactly_these_bytes_and_reads_back_from_them() -> None:
    assert STATEMENT.bytes() == CANONICAL
    assert Statement.parse(CANONICAL) == STATEMENT
    assert Statement.parse(json.loads(CANONICAL)) == STATEMENT


def test_an_entry_has_exactly_these_bytes_and_their_leaf_hash() -> None:
    entry = sealed()
    sig = b64encode(b"SSHSIG blob")
    assert entry.body == b'{"prev":"' + b"0" * 64 + b'","seq":1,"sig":"' + sig + b'","statement":' + CANONICAL + b"}"
    assert entry.hash == leaf_hash(entry.body)
    assert b'"sig":null,' in sealed(None).body


@pytest.mark.parametrize("signature", [None, b"x", b"SSHSIG" * 100])
def test_a_sealed_entry_opens_to_itself_and_links_to_the_next(signature: bytes | None) -> None:
    first = sealed(signature)
    second = seal(2, first.hash, STATEMENT, None)
    assert open_entry(1, first.body, first.hash) == first
    assert open_entry(2, second.body, second.hash) == second
    check_links(1, first.body, first.hash, FIRST_PREV)
    check_links(2, second.body, second.hash, first.hash)


def test_the_quick_check_notices_a_wrong_hash_a_wrong_link_and_a_wrong_place() -> None:
    first = sealed()
    second = seal(2, first.hash, STATEMENT, None)
    with pytest.raises(IntegrityFailure, match=r"entry 2: .*stored hash"):
        check_links(2, second.body + b" ", second.hash, first.hash)
    with pytest.raises(IntegrityFailure, match="entry 2: does not name the entry before"):
        check_links(2, second.body, second.hash, second.hash)
    with pytest.raises(IntegrityFailure, match="another entry"):
        check_links(22, second.body, second.hash, first.hash)


def test_every_changed_byte_is_noticed_even_when_the_hash_is_made_to_match() -> None:
    entry = sealed(None)
    for position in range(len(entry.body)):
        for flip in (0x01, 0x20, 0x80):
            body = bytearray(entry.body)
            body[position] ^= flip
            changed = bytes(body)
            with pytest.raises(IntegrityFailure, match="stored hash"):
                open_entry(1, changed, entry.hash)
            try:
                other = opened(changed)
            except IntegrityFailure:
                continue
            # What still opens with a matching hash says something else: the chain's job, not the form's.
            assert (other.statement, other.prev) != (entry.statement, entry.prev)


@pytest.mark.parametrize(
    ("find", "replace", "words"),
    [
        (b'"seq":1', b'"seq":2', "say they are entry 2"),
        (b'"seq":1', b'"seq":01', "not a canonical entry"),
        (b'"seq":1', b'"seq": 1', "not a canonical entry"),
        (b'"seq":1', b'"seq":1.0', "not a canonical entry"),
        (b'"prev":"00', b'"prev":"AB', "not a canonical entry"),
        (b'"sig":"U1NIU0lHIGJsb2I="', b'"sig":"U1NIU0lHIGJsb2J="', "not canonical base64"),
        (b'"sig":"U1NIU0lHIGJsb2I="', b'"sig":"U1N"', "base64"),
        (b'"sig":"U1NIU0lHIGJsb2I="', b'"sig":""', "not a canonical entry"),
        (b'"v":1}}', b'"v":1}}\n', "not a canonical entry"),
        (b'"v":1}}', b'"v":1},"x":1}', "not "),
        (b'"v":1', b'"v":2', "version 2 is not the version 1"),
        (b'"v":1', b'"v":true', "version"),
        (b'"v":1', b'"v":1,"w":1', "unknown members: 'w'"),
        (b'"size":41', b'"size":41.5', "floating-point"),
        (b'"size":41', b'"size":9007199254740992', "beyond"),
        (b'"size":41', b'"size":041', "not JSON"),
        (b'"size":41', b'"size":41,"size":41', "not in canonical form"),
        (b'"size":41', b'"size":-0', "canonical form"),
        (b'"size":41', b'"size":1e2', "floating-point"),
        (b'"yes"', b'"y\\u0065s"', "not in canonical form"),
        (b'"yes"', b'"\\ud800"', "not JSON"),
        (b'"yes"', b"[" * 20_000 + b"]" * 20_000, "inside each other|not JSON"),
        (b'"yes"', b"[" * 300 + b"]" * 300, "inside each other"),
        ("ö".encode(), b"\xff", "not JSON"),
        (b'"decision":', '"dé":'.encode(), "ASCII"),
        (b"10:00:00.000Z", b"10:00:00Z", "no UTC time"),
        (b"10:00:00.000Z", b"25:00:00.000Z", "no UTC time"),
        (b"approval.granted", b"Approval granted", "no kind"),
        (b"example.com/ledger/prod", b"example.com/a b", "no origin"),
        (b'"p-7f3a"', b'""', "actor"),
        (b'"p-7f3a"', b"7", "actor"),
        (b'"CR-12"', b"12", "'on' holds ids"),
        (b'{"request":"CR-12"}', b"[]", "must be JSON objects"),
    ],
)
def test_bytes_that_are_no_whole_canonical_entry_are_refused_with_the_reason(
    find: bytes, replace: bytes, words: str
) -> None:
    body = sealed().body
    assert body.count(find) == 1
    with pytest.raises(IntegrityFailure, match=words) as refused:
        opened(body.replace(find, replace))
    assert str(refused.value).startswith("entry 1: ")
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("body", [b"", b"{}", b"null", b"\xff", b"{" * 60_000])
def test_bytes_that_are_nothing_are_refused(body: bytes) -> None:
    with pytest.raises(IntegrityFailure, match="not a canonical entry"):
        opened(body)


def test_a_kind_that_is_not_known_here_opens_like_any_other() -> None:
    statement = Statement(origin="a.example", kind="future.thing-2_x", time="2030-01-01T00:00:00.999Z", actor="p")
    entry = seal(1, FIRST_PREV, statement, None)
    assert open_entry(1, entry.body, entry.hash).statement == statement


def test_an_entry_may_be_65535_bytes_and_not_one_more() -> None:
    def sized(length: int) -> Statement:
        return Statement(origin="a", kind="k", time=STATEMENT.time, actor="p", data={"x": "y" * length})

    room = MAX_BODY - len(seal(1, FIRST_PREV, sized(0), None).body)
    largest = seal(1, FIRST_PREV, sized(room), None)
    assert len(largest.body) == 65_535
    assert open_entry(1, largest.body, largest.hash) == largest
    with pytest.raises(BadInput, match="65,536 bytes; an entry stays below 65,536"):
        seal(1, FIRST_PREV, sized(room + 1), None)
    with pytest.raises(IntegrityFailure, match="longer than"):
        opened(largest.body.replace(b'"x":"', b'"x":"y'))


@pytest.mark.parametrize(
    ("seq", "prev"), [(0, FIRST_PREV), (-1, FIRST_PREV), (2, FIRST_PREV), (1, b"\1" * 32), (2, b"\1" * 31)]
)
def test_an_entry_without_its_place_is_not_sealed(seq: int, prev: bytes) -> None:
    with pytest.raises(BadInput):
        seal(seq, prev, STATEMENT, None)


def test_an_empty_signature_is_not_sealed() -> None:
    with pytest.raises(BadInput, match="empty signature"):
        sealed(b"")


@pytest.mark.parametrize("data", [{"x": 0.5}, {"x": 2**60}, {"é": 1}, {"x": "\ud800"}])
def test_a_statement_holding_what_no_entry_may_hold_is_not_sealed(data: dict[str, object]) -> None:
    statement = Statement(origin="a", kind="k", time=STATEMENT.time, actor="p", data=data)
    with pytest.raises(BadInput):
        seal(1, FIRST_PREV, statement, None)


@pytest.mark.parametrize("source", [b"[]", b"1", b"{}", b'{"v":1}', CANONICAL + b"\n", CANONICAL[:-1], b"\xff"])
def test_bytes_that_are_no_statement_are_refused(source: bytes) -> None:
    with pytest.raises(BadInput, match="statement: "):
        Statement.parse(source)


TEXTS = st.text(max_size=30)
JSON_DATA = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(st.characters(max_codepoint=127)), inner),
    max_leaves=20,
)


@given(
    st.dictionaries(st.text(st.characters(max_codepoint=127)), JSON_DATA, max_size=4),
    TEXTS.filter(bool),
    st.integers(2, 2**50),
    st.binary(min_size=32, max_size=32).filter(any),
    st.none() | st.binary(min_size=1, max_size=300),
)
def test_every_statement_survives_sealing_and_opening(
    data: dict[str, object], actor: str, seq: int, prev: bytes, signature: bytes | None
) -> None:
    statement = Statement(
        origin="a.example/l",
        kind="k.v",
        time=STATEMENT.time,
        actor=actor,
        data=data,
    )
    entry = seal(seq, prev, statement, signature)
    assert open_entry(seq, entry.body, entry.hash) == entry
    check_links(seq, entry.body, entry.hash, prev)


@given(st.binary(max_size=300))
def test_any_bytes_are_an_entry_or_an_integrity_failure(noise: bytes) -> None:
    body = sealed().body
    for candidate in (noise, body[: len(noise)] + noise, body[:200] + noise + body[200:]):
        try:
            opened(candidate)
        except IntegrityFailure:
            continue


@pytest.mark.parametrize("body", [None, 7, "text"])
def test_a_stored_value_that_is_no_bytes_is_told(body: object) -> None:
    with pytest.raises(IntegrityFailure, match="no bytes"):
        open_entry(1, body, bytes(32))
