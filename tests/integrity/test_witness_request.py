from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from store.errors import BadInput
from store.integrity.witness_request import (
    MAX_REQUEST,
    AddCheckpoint,
    merge_lines,
    parse_request,
    write_request,
)

HASH = "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I="
NOTE = "example.com/log\n3\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n— example.com/log AAAAAAA=\n".encode()


def test_a_request_is_written_as_the_specification_shows_it() -> None:
    request = AddCheckpoint(old=2, proof=(bytes(32), bytes(range(32))), checkpoint=NOTE)
    data = write_request(request)
    assert data.startswith(b"old 2\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\nAAEC")
    assert data.endswith(b"\n\n" + NOTE)
    assert parse_request(data) == request


def test_a_first_request_has_no_proof_lines() -> None:
    assert write_request(AddCheckpoint(old=0, checkpoint=NOTE)) == b"old 0\n\n" + NOTE


@given(st.integers(0, 2**63 - 1), st.lists(st.binary(min_size=32, max_size=32), max_size=63))
def test_every_request_reads_back(old: int, proof: list[bytes]) -> None:
    request = AddCheckpoint(old=old, proof=tuple(proof), checkpoint=NOTE)
    assert parse_request(write_request(request)) == request


@pytest.mark.parametrize(
    ("head", "named"),
    [
        ("", "first line"),
        ("old 01", "first line"),
        ("old -1", "first line"),
        ("old +1", "first line"),
        ("old ١", "not ASCII"),
        ("old 1 ", "first line"),
        ("old  1", "first line"),
        ("old 99999999999999999999", "first line"),
        ("new 1", "first line"),
        (f"old 1\n{HASH} ", "line 1 is not canonical base64"),
        (f"old 1\n {HASH}", "line 1 is not canonical base64"),
        (f"old 1\n{HASH}\n{HASH[:-1]}", "line 2 is not canonical base64"),
        (f"old 1\n{HASH[:-2]}J=", "line 1 is not canonical base64"),
        (f"old 1\n{HASH}\r", "line 1 is not canonical base64"),
        ("old 1\nAAAA", "line 1 is not a hash of 32 bytes"),
        ("old 1\n" + "\n".join([HASH] * 64), "more than 63"),
    ],
)
def test_a_malformed_request_is_named(head: str, named: str) -> None:
    with pytest.raises(BadInput, match=named):
        parse_request(f"{head}\n\n".encode() + NOTE)


def test_a_request_without_a_checkpoint_or_too_long_is_named() -> None:
    for data in (b"", b"old 1", b"old 1\n", b"old 1\n\n"):
        with pytest.raises(BadInput, match="no checkpoint"):
            parse_request(data)
    with pytest.raises(BadInput, match="longer than"):
        parse_request(b"old 1\n\n" + b"x" * MAX_REQUEST)


@given(st.binary(max_size=300))
def test_any_bytes_are_a_request_or_bad_input(data: bytes) -> None:
    for candidate in (data, b"old 1\n" + data + b"\n\n" + NOTE):
        try:
            assert write_request(parse_request(candidate)) == candidate
        except BadInput:
            continue


def test_signature_lines_are_added_once() -> None:
    line = "— w AAAAAAA=\n".encode()
    merged = merge_lines(NOTE, line)
    assert merged == NOTE + line
    assert merge_lines(merged, line) == merged
    for junk in (b"", b"hello\n", "— w AAAAAAA=".encode(), b"\n"):
        with pytest.raises(BadInput, match="signature lines"):
            merge_lines(NOTE, junk)
    with pytest.raises(BadInput, match="more than 100"):
        merge_lines(NOTE, "".join(f"— w{n} AAAAAAA=\n" for n in range(101)).encode())
