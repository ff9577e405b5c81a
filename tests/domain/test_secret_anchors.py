"""One pass over a text finds what a search for each word alone finds."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from store.domain.secrets import anchors, scan
from store.domain.secrets.anchors import Words
from store.errors import TooMuch

WORDS = (b"pass", b"password", b"pw", b"://", b'"value"', b"aa")
PIECES = st.sampled_from([*WORDS, b"PassWord", b"a", b" ", b"x", b'"VALUE"', b"s", b"\xff", b"\n"])
TEXTS = st.lists(PIECES, max_size=40).map(b"".join)


def places(found: anchors.Anchors, word: bytes, *, exactly: bool) -> list[int]:
    find = found.find_exactly if exactly else found.find
    at, seen = find(word), []
    while at >= 0:
        seen.append(at)
        at = find(word, at + 1)
    return seen


def searched(text: bytes, word: bytes) -> list[int]:
    return [at for at in range(len(text)) if text.startswith(word, at)]


@given(text=TEXTS, step=st.sampled_from([1, 3, 1000]))
def test_words_are_found_where_they_stand_however_a_text_is_cut(text: bytes, step: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(anchors, "_STEP", step)
        found = Words(WORDS).anchors(text)
    for word in WORDS:
        assert places(found, word, exactly=False) == searched(text.lower(), word)
        assert places(found, word, exactly=True) == searched(text, word)
        assert (word in found) or word not in text.lower()
    assert found.any_of(frozenset(WORDS)) == any(word in text.lower() for word in WORDS)


@pytest.mark.parametrize("piece", [b"key=ab1 ", b"https://a:b@c ", b'"value":"ab1" ', b'"credentials":{ '])
@pytest.mark.usefixtures("collector_waits")
def test_a_text_of_nothing_but_words_that_secrets_are_told_by_is_refused_at_once(piece: bytes) -> None:
    """62 MiB of `key=ab1 ` took a minute of processor time, at some microseconds for each."""
    began = time.process_time()
    with pytest.raises(TooMuch, match="400,000 words"):
        scan(piece * (anchors.MOST + 1))
    assert time.process_time() - began < 3


@pytest.mark.usefixtures("collector_waits")
def test_a_text_of_nothing_but_long_words_is_looked_through_once() -> None:
    """62 MiB of them took 12 s: the 160 bytes before each were searched for each."""
    token = b"ghp_" + b"aB1" * 12
    text = b"aB1aB1aB1aB1aB1aB1aB1 " * 200_000 + token
    began = time.process_time()
    assert [text[span.start : span.end] for span in scan(text)] == [token]
    assert time.process_time() - began < 2


@given(text=TEXTS, step=st.sampled_from([1, 3, 1000]), start=st.integers(0, 20), end=st.integers(0, 60))
def test_of_words_that_begin_alike_the_longest_counts(text: bytes, step: int, start: int, end: int) -> None:
    end = min(end, len(text))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(anchors, "_STEP", step)
        found = list(Words(WORDS).each(text, start, end))
    standing = [
        (at, max(here, key=len))
        for at in range(start, end)
        if (here := [word for word in WORDS if text.startswith(word, at, end)])
    ]
    assert found == standing


@pytest.mark.parametrize("text", [b"use basic dTpwYXNzMQ", b"Bearer abc123def456"])
def test_a_secret_among_a_few_words_is_found(text: bytes) -> None:
    assert len(scan(text)) == 1
    assert scan(b"Parse the order 12") == []
