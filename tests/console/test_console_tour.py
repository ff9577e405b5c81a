"""The tour: one page, whatever the terminal's size."""

from __future__ import annotations

import pytest
from console_scene import Host, screen_text

from console.places import SCREENS
from console.screen.tour import tour
from console.widgets.text_view import Facts


@pytest.mark.parametrize("size", [(60, 20), (80, 24), (140, 45)])
async def test_the_tour_names_every_screen_beside_its_key(size: tuple[int, int]) -> None:
    app = Host(Facts())
    async with app.run_test(size=size) as pilot:
        await app.push_screen(tour(app.screen, SCREENS))
        await pilot.pause()
        text = screen_text(app)
        assert [place.title for place in SCREENS if f"{place.key} {place.title}" not in text] == []


@pytest.mark.parametrize("size", [(60, 20), (80, 24)])
async def test_the_tour_says_that_nothing_can_be_changed_since_it_lies_over_the_line_that_does(
    size: tuple[int, int],
) -> None:
    app = Host(Facts())
    async with app.run_test(size=size) as pilot:
        await app.push_screen(tour(app.screen, SCREENS, "no key was given; --key PATH acts"))
        await pilot.pause()
        text = screen_text(app)
        assert "READ ONLY  no key was given; --key PATH acts" in text
        assert "the ledger itself never forgets" in text or size[1] < 24


async def test_no_line_of_the_tour_is_broken_at_eighty_columns() -> None:
    app = Host(Facts())
    async with app.run_test(size=(80, 24)) as pilot:
        await app.push_screen(tour(app.screen, SCREENS))
        await pilot.pause()
        assert "Pressed when it \n" not in screen_text(app)
        assert "       cannot, it says why" in screen_text(app)
