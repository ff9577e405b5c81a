from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.bundles import unbundle

from store.errors import BadInput
from store.integrity.tile_layout import Tile, bundle, numbered, tiles_of


def test_an_index_is_written_in_groups_of_three_digits() -> None:
    assert numbered(0, 256) == "000"
    assert numbered(999, 256) == "999"
    assert numbered(1000, 256) == "x001/000"
    assert numbered(1234067, 256) == "x001/x234/067"
    assert numbered(1234067, 8) == "x001/x234/067.p/8"


def test_the_specifications_example_of_70000_entries() -> None:
    tiles = list(tiles_of(70_000))
    level_0 = [tile for tile in tiles if tile.level == 0]
    assert (len(level_0), level_0[-1]) == (274, Tile(0, 273, 112))
    assert [tile for tile in tiles if tile.level == 1] == [Tile(1, 0, 256), Tile(1, 1, 17)]
    assert [tile for tile in tiles if tile.level == 2] == [Tile(2, 0, 1)]
    assert list(tiles_of(256)) == [Tile(0, 0, 256), Tile(1, 0, 1)]
    assert list(tiles_of(0)) == []


@given(st.integers(1, 2**40))
def test_the_rightmost_tile_of_each_level_is_as_wide_as_the_formula_says(size: int) -> None:
    if size > 300_000:
        size %= 300_000
    widths: dict[int, int] = {}
    for tile in tiles_of(size):
        if tile.width < 256:
            widths[tile.level] = tile.width
    for level in range(5):
        assert widths.get(level, 0) == size // 256**level % 256


@given(st.lists(st.binary(max_size=300), max_size=256))
def test_every_bundle_reads_back(entries: list[bytes]) -> None:
    assert unbundle(bundle(entries)) == tuple(entries)


def test_what_a_bundle_has_no_room_for_is_bad_input() -> None:
    with pytest.raises(BadInput):
        bundle([bytes(65_536)])
    with pytest.raises(BadInput):
        bundle([b""] * 257)
