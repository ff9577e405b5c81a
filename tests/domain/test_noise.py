"""What is noise is told by its exact place, the same way for the digest and for the diff."""

from __future__ import annotations

from collections.abc import Iterator

from hypothesis import given
from hypothesis import strategies as st

from store.domain.component import Json, Path
from store.domain.noise import ANY, Nested, Noise

NOISE = Noise(
    at=(("version",), ("nodes", ANY, "x")),
    nested=(Nested(top=("canvas",), inner=("children", ANY), keys=frozenset({"top"})),),
)


def test_noise_goes_with_everything_below_it_and_leaves_its_holder() -> None:
    content: Json = {"version": {"a": 1}, "nodes": {"n": {"x": 3}, "m": {"x": 1, "code": "y"}}}
    assert NOISE.without(content) == {"nodes": {"n": {}, "m": {"code": "y"}}}
    assert NOISE.covers(("version", "a"))
    assert not NOISE.covers(("nodes", "n"))


def test_the_same_key_in_another_place_is_no_noise() -> None:
    content: Json = {"nodes": {"n": {"settings": {"x": "run()", "version": 2}}, "x": {"code": "y"}}}
    assert NOISE.without(content) == content
    assert not NOISE.covers(("nodes", "x", "code"))


def test_a_widget_inside_a_widget_inside_a_widget_has_the_same_noise() -> None:
    content: Json = {
        "canvas": {"top": 1, "children": {"a": {"top": 2, "children": {"b": {"top": 3, "columns": {"top": "run()"}}}}}}
    }
    assert NOISE.without(content) == {"canvas": {"children": {"a": {"children": {"b": {"columns": {"top": "run()"}}}}}}}
    assert NOISE.covers(("canvas", "children", "a", "children", "b", "top"))
    assert not NOISE.covers(("canvas", "children", "a", "children", "b", "columns", "top"))


def test_the_digest_and_the_diff_agree_on_lists_too() -> None:
    noise = Noise(at=(("layouts", ANY, "id"),))
    content: Json = {"layouts": [{"id": 1, "name": "a"}, "id", {"id": 2}]}
    assert noise.without(content) == {"layouts": [{"name": "a"}, "id", {}]}
    assert noise.covers(("layouts", "0", "id"))
    assert not noise.covers(("layouts", "0", "name"))


STEPS = st.sampled_from(["version", "nodes", "x", "canvas", "children", "top", "a"])
CONTENT = st.recursive(
    st.integers(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(STEPS, inner, max_size=4),
    max_leaves=20,
)


def places(value: Json, at: Path = ()) -> Iterator[tuple[Path, Json]]:
    """Yield what stands where: numbers, and lists and objects as empty."""
    if isinstance(value, dict):
        yield at, {}
        for key, item in value.items():
            yield from places(item, (*at, key))
    elif isinstance(value, list):
        yield at, []
        for number, item in enumerate(value):
            yield from places(item, (*at, str(number)))
    else:
        yield at, value


@given(CONTENT)
def test_what_is_left_is_what_no_place_of_the_table_covers(content: Json) -> None:
    assert [*places(NOISE.without(content))] == [(at, value) for at, value in places(content) if not NOISE.covers(at)]
