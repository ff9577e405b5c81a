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
        await app.push_screen(tour(SCREENS))
        await pilot.pause()
        text = screen_text(app)
        assert [place.title for place in SCREENS if f"{place.key} {place.title}" not in text] == []
