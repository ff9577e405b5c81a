"""How a person looks at changes: what a key toggles, kept for the next time."""

from __future__ import annotations

from dataclasses import dataclass

from console.personal.memory import Habits


@dataclass(kw_only=True, slots=True)
class Views:
    """The toggles of the screens that show changes; the screens change it, `Habits` keeps it."""

    text: str = ""
    """`split`, `unified`; empty: by the room there is."""
    noise: bool = False
    comparison: str = ""
    """Which comparison of a drift is turned to first: `three`, `live`, `last`; empty for the first there is."""

    def split(self, room: int, *, wide: int, least: int) -> bool:
        """Return whether both sides stand next to each other in `room` cells.

        Who chose gets it as far as two sides can be read (`least` cells); who did not, from `wide` cells on.
        """
        return room >= least and (self.text == "split" or (self.text != "unified" and room >= wide))


def views_of(habits: Habits) -> Views:
    """Return the toggles as they were left; a word that means nothing here is left aside."""
    return Views(
        text=habits.text if habits.text in {"split", "unified"} else "",
        noise=habits.noise,
        comparison=habits.comparison if habits.comparison in {"three", "live", "last"} else "",
    )
