from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from console.presentation.spans import plain, width
from console.widgets.columns import GAP, Column, arrange, heading, layout

COLUMNS = (
    Column(name="sev", keep=9),
    Column(name="object", keep=8, most=30),
    Column(name="what", keep=7, grow=1, prose=True),
    Column(name="age", keep=2, align="right"),
)
NATURAL = (6, 24, 70, 3)


@given(st.integers(20, 250))
def test_columns_fill_the_room_and_never_leave_it(room: int) -> None:
    widths = layout(COLUMNS, NATURAL, room)
    shown = [w for w in widths if w]
    assert sum(shown) + GAP * (len(shown) - 1) <= room
    assert widths[0] == 6


def test_the_least_wanted_column_goes_first() -> None:
    assert layout(COLUMNS, NATURAL, 34)[3] == 0
    assert layout(COLUMNS, NATURAL, 80)[3] == 3


def test_what_is_left_over_goes_to_the_growing_column() -> None:
    assert layout(COLUMNS, NATURAL, 200) == (6, 24, 200 - 6 - 24 - 3 - 3 * GAP, 3)


def test_cells_stand_under_their_heading() -> None:
    widths = layout(COLUMNS, NATURAL, 60)
    row = arrange(COLUMNS, widths, ("CRIT", "orders\x1b", "limit changed behind us, by whom nobody knows", "3m"))
    assert width(row) == width(heading(COLUMNS, widths))
    assert r"orders\u{1b}" in plain(row)
    assert plain(row).rstrip().endswith("3m")
