from __future__ import annotations

import threading
from time import process_time

import pytest
from console_scene import Host, screen_text
from support.hostile import HOSTILE

from console.widgets.columns import Column, Row
from console.widgets.keyed_table import KeyedTable
from console.widgets.virtual_table import VirtualTable, Window

COLUMNS = (Column(name="name", keep=9), Column(name="what", grow=1))


def rows(*keys: str) -> list[Row]:
    return [Row(key=key, cells=(key, f"about {key}")) for key in keys]


class Ticking:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


async def test_the_cursor_stays_on_its_key_when_rows_move() -> None:
    table = KeyedTable(COLUMNS)
    app = Host(table)
    async with app.run_test() as pilot:
        table.sync(rows("a", "b", "c"))
        table.focus()
        await pilot.press("j")
        assert table.key == "b"
        table.sync(rows("x", "y", "c", "b"))
        await pilot.pause()
        assert table.key == "b"
        assert table.cursor == 3


async def test_a_scrollbar_that_comes_after_the_scroll_stands_where_the_view_is() -> None:
    table = KeyedTable(COLUMNS)
    async with Host(table).run_test(size=(60, 10)) as pilot:
        table.sync(rows(*(f"{number:02}" for number in range(40))))
        table.select("30")  # before the first picture: there is no bar yet
        assert not table.show_vertical_scrollbar
        await pilot.pause()
        assert table.vertical_scrollbar.position == table.scroll_offset.y > 0


async def test_acts_wait_after_rows_moved_under_the_cursor() -> None:
    clock = Ticking()
    table = KeyedTable(COLUMNS, clock=clock)
    async with Host(table).run_test() as pilot:
        table.sync(rows("a", "b", "c"))
        table.select("b")
        await pilot.pause()
        assert table.armed()
        table.sync(rows("a", "c"))
        assert table.key == "c"
        assert not table.armed()
        clock.now += 0.5
        assert table.armed()
        table.sync(rows("a", "c", "new below"))
        assert table.armed()


async def test_a_table_is_not_said_to_be_empty_before_anybody_knows() -> None:
    table = KeyedTable(COLUMNS, empty="nothing here yet")
    app = Host(table)
    async with app.run_test() as pilot:
        await pilot.pause()
        assert "nothing here yet" not in screen_text(app)
        table.sync(())
        await pilot.pause()
        assert "nothing here yet" in screen_text(app)


async def test_the_same_rows_again_draw_nothing() -> None:
    table = KeyedTable(COLUMNS)
    app = Host(table)
    async with app.run_test() as pilot:
        table.sync(rows("a", "b"))
        await pilot.pause()
        drawn = len(app.heard)
        table.sync(rows("a", "b"))
        assert len(app.heard) == drawn


async def test_two_rows_with_one_key_are_refused() -> None:
    table = KeyedTable(COLUMNS)
    async with Host(table).run_test():
        with pytest.raises(ValueError, match="same key"):
            table.sync(rows("a", "a"))


async def test_a_filter_keeps_rows_with_every_word_and_drops_those_with_an_unwanted_one() -> None:
    table = KeyedTable(COLUMNS)
    app = Host(table)
    async with app.run_test() as pilot:
        table.sync(rows("orders-eu", "orders-us", "refunds"))
        table.filter = "ORDERS !us"
        await pilot.pause()
        assert [row.key for row in table.rows] == ["orders-eu"]
        table.filter = "nothing like it"
        await pilot.pause()
        assert table.key is None
        assert "no row holds" in screen_text(app)


async def test_enter_chooses_the_key_under_the_cursor() -> None:
    table = KeyedTable(COLUMNS)
    app = Host(table)
    async with app.run_test() as pilot:
        table.sync(rows("a", "b"))
        table.focus()
        await pilot.press("G", "enter")
        await pilot.pause()
        assert [m.key for m in app.said(KeyedTable.Chosen)] == ["b"]


async def test_hostile_names_are_rows_like_any_other() -> None:
    table = KeyedTable(COLUMNS)
    app = Host(table)
    async with app.run_test(size=(80, 40)) as pilot:
        table.sync([Row(key=str(i), cells=(name, name)) for i, name in enumerate(HOSTILE)])
        table.focus()
        for _ in HOSTILE:
            await pilot.press("j")
        text = screen_text(app)
        assert r"\u{1b}" in text
        assert "[@click=app.quit]press[/]" in text
        assert all(c.isprintable() or c == "\n" for c in text)


def page(window: Window) -> list[Row]:
    last = min(window.offset + window.limit, window.total)
    return [
        Row(key=str(window.total - i), cells=(f"entry {window.total - i}", "x")) for i in range(window.offset, last)
    ]


async def test_a_million_rows_open_at_once_and_end_at_the_first() -> None:
    table = VirtualTable(COLUMNS, page, total=1_000_000)
    app = Host(table)
    start = process_time()
    async with app.run_test() as pilot:
        await app.workers.wait_for_complete()
        table.focus()
        await pilot.press("G")
        await app.workers.wait_for_complete()
        await pilot.pause()
        assert table.key == "1"
        assert "entry 1 " in screen_text(app)
    assert process_time() - start < 5


async def test_only_pages_near_the_window_are_fetched_and_in_a_thread() -> None:
    asked: list[int] = []

    def fetch(window: Window) -> list[Row]:
        assert threading.current_thread() is not threading.main_thread()
        asked.append(window.offset)
        return page(window)

    table = VirtualTable(COLUMNS, fetch, total=100_000)
    async with Host(table).run_test():
        await table.app.workers.wait_for_complete()
    assert asked == [0, 200]


async def test_the_cursor_stays_on_its_entry_when_others_are_added_on_top() -> None:
    table = VirtualTable(COLUMNS, page, total=1_000)
    app = Host(table)
    async with app.run_test() as pilot:
        await app.workers.wait_for_complete()
        table.focus()
        await pilot.press("j", "j")
        assert table.key == "998"
        table.prepend(5)
        await app.workers.wait_for_complete()
        await pilot.pause()
        assert table.key == "998"
        assert table.total == 1_005


async def test_at_the_top_the_newest_row_is_followed() -> None:
    table = VirtualTable(COLUMNS, page, total=1_000)
    app = Host(table)
    async with app.run_test() as pilot:
        await app.workers.wait_for_complete()
        table.prepend(1)
        await app.workers.wait_for_complete()
        await pilot.pause()
        assert table.key == "1001"


async def test_a_fetch_that_fails_is_told_not_swallowed() -> None:
    def fetch(_: Window) -> list[Row]:
        raise OSError("disk gone")

    table = VirtualTable(COLUMNS, fetch, total=10)
    app = Host(table)
    async with app.run_test() as pilot:
        await app.workers.wait_for_complete()
        await pilot.pause()
        assert app.said(VirtualTable.FetchFailed)


async def test_a_list_shorter_than_said_does_not_fetch_for_ever() -> None:
    table = VirtualTable(COLUMNS, lambda _: [], total=10)
    async with Host(table).run_test():
        await table.app.workers.wait_for_complete()
        assert table.key is None


@pytest.mark.parametrize("border", [False, True])
async def test_a_click_goes_to_the_row_that_was_clicked_also_below_a_title_in_the_border(border: bool) -> None:
    table = KeyedTable(COLUMNS)
    async with Host(table).run_test(size=(60, 10)) as pilot:
        if border:
            table.styles.border_top = ("solid", "red")
        table.sync(rows("a", "b", "c"))
        await pilot.pause()
        lines = screen_text(pilot.app).split("\n")
        for key in ("c", "a", "b"):
            (y,) = (at for at, words in enumerate(lines) if f"about {key}" in words)
            await pilot.click(table, offset=(4, y))
            assert table.key == key
