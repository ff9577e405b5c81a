"""One pass over a text finds what a search for each word alone finds."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from store.domain.secrets import anchors
from store.domain.secrets.anchors import Words

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


@given(text=TEXTS, step=st.sampled_from([1, 3, 1000]), most=st.sampled_from([0, 5, 1000]))
def test_words_are_found_where_they_stand_however_a_text_is_cut_and_however_many_there_are(
    text: bytes, step: int, most: int
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(anchors, "_STEP", step)
        patch.setattr(anchors, "_MOST", most)
        found = Words(WORDS).anchors(text)
    for word in WORDS:
        assert places(found, word, exactly=False) == searched(text.lower(), word)
        assert places(found, word, exactly=True) == searched(text, word)
        assert (word in found) or word not in text.lower()
    assert found.any_of(frozenset(WORDS)) or not any(word in text.lower() for word in WORDS)


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
