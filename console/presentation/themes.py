"""The colours, once per kind of terminal, from one table of roles.

Cyan and orange instead of green and red: the pair keeps its distance for the colour-blind. The 256-colour set uses
exact colours of that palette and the 16-colour set exact ones of that, so nothing is rounded into something unseen
(tints of a few percent vanish over SSH, which does not forward COLORTERM).
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from textual.theme import Theme

# role: (truecolor, 256 colours, 16 colours)
_ROLES: Mapping[str, tuple[str, str, str]] = MappingProxyType(
    {
        "background": ("#0c1118", "#121212", "#000000"),
        "surface": ("#131a23", "#1c1c1c", "#000000"),
        "panel": ("#1a222d", "#262626", "#000000"),
        "foreground": ("#d5dde6", "#dadada", "#aaaaaa"),
        "accent": ("#7ab8ff", "#87afff", "#55ffff"),
        "success": ("#45c4cf", "#5fd7d7", "#55ffff"),
        "warning": ("#e6b450", "#ffd75f", "#ffff55"),
        "error": ("#ff7d55", "#ff875f", "#ff5555"),
        "deck-bright": ("#f4f8fc", "#ffffff", "#ffffff"),
        "deck-muted": ("#8f9cab", "#9e9e9e", "#aaaaaa"),
        "deck-faint": ("#5d6a79", "#6c6c6c", "#555555"),
        "deck-ink": ("#0c1118", "#121212", "#000000"),
        "deck-cap": ("#b9c4d0", "#bcbcbc", "#aaaaaa"),
        "deck-key": ("#e6b450", "#ffd75f", "#ffff55"),
        "deck-cursor": ("#1c4068", "#005f87", "#0000aa"),
        "deck-resting": ("#1a2735", "#303030", "#000000"),
        "deck-fold": ("#12202f", "#262626", "#000000"),
        "deck-rule": ("#2c3846", "#444444", "#555555"),
        "deck-focus-rule": ("#4f8fd0", "#5f87d7", "#55ffff"),
        "deck-add": ("#5ed3dc", "#5fd7d7", "#55ffff"),
        "deck-remove": ("#ff9a78", "#ffaf87", "#ff5555"),
        "deck-add-ground": ("#0e282c", "#262626", "#000000"),
        "deck-remove-ground": ("#311c19", "#262626", "#000000"),
        "deck-add-word": ("#15565c", "#005f5f", "#0000aa"),
        "deck-remove-word": ("#6b3023", "#5f0000", "#aa0000"),
        "deck-string": ("#94c8ff", "#87afff", "#aaaaaa"),
        "deck-number": ("#e6b450", "#ffd75f", "#ffff55"),
        "deck-keyword": ("#c5a3ff", "#d7afff", "#ff55ff"),
    }
)
_CONTRAST: Mapping[str, str] = MappingProxyType(
    {
        "accent": "#5fd7ff", "success": "#00ffff", "warning": "#ffff00", "error": "#ffaf87", "deck-cursor": "#0000d7",
        "deck-muted": "#e4e4e4", "deck-faint": "#d0d0d0", "deck-key": "#ffff00", "deck-rule": "#ffffff",
        "deck-focus-rule": "#00ffff", "deck-add": "#00ffff", "deck-remove": "#ffaf87", "deck-string": "#afd7ff",
        "deck-number": "#ffff00", "deck-keyword": "#ffd7ff", "deck-add-word": "#005f5f", "deck-remove-word": "#5f0000",
    }
)  # fmt: skip
"""What high contrast does not say in white on black; every colour is one of the 256, too."""
_GROUNDS_OF_INK = frozenset(
    {"background", "surface", "panel", "deck-ink", "deck-resting", "deck-fold", "deck-add-ground",
     "deck-remove-ground", "deck-add-word", "deck-remove-word"}
)  # fmt: skip
PALETTES: Mapping[str, str] = MappingProxyType(
    {
        "truecolor": "quarterdeck",
        "256": "quarterdeck-256",
        "standard": "quarterdeck-16",
        "contrast": "quarterdeck-contrast",
        "plain": "quarterdeck-plain",
    }
)
"""What Rich calls a terminal's colours, or what was asked for → the theme for it."""
LOOKS: Mapping[str, str] = MappingProxyType(
    {
        "auto": "as many colours as the terminal has, told apart by the colour-blind too",
        "contrast": "white on black, few bright colours",
        "plain": "no colour at all (as with NO_COLOR)",
    }
)
"""What a person may choose → what it looks like."""

_DERIVED: Mapping[str, str] = MappingProxyType(
    {
        "block-cursor-background": "deck-cursor",
        "block-cursor-foreground": "deck-bright",
        "block-cursor-blurred-background": "deck-resting",
        "block-cursor-blurred-foreground": "foreground",
        "border": "deck-focus-rule",
        "border-blurred": "deck-rule",
        "footer-background": "panel",
        "footer-key-foreground": "deck-key",
        "footer-description-foreground": "foreground",
        "scrollbar": "deck-rule",
        "scrollbar-hover": "deck-faint",
        "scrollbar-active": "deck-focus-rule",
        "scrollbar-background": "background",
        "scrollbar-background-hover": "background",
        "scrollbar-background-active": "background",
        "scrollbar-corner-color": "background",
        "input-cursor-background": "deck-bright",
        "input-cursor-foreground": "deck-ink",
        "input-selection-background": "deck-cursor",
    }
)


def variables(palette: str = "truecolor") -> dict[str, str]:
    """Return the console's own theme variables: what tones and style sheets name with `$deck-…`."""
    colours = _colours(palette)
    own = {role: colour for role, colour in colours.items() if role.startswith("deck-")}
    return own | {name: colours[role] for name, role in _DERIVED.items()}


def _colours(palette: str) -> dict[str, str]:
    """Return role → colour; without colours everything is ink on paper or paper on ink."""
    columns = ("truecolor", "256", "standard")
    if palette in columns:
        return {role: found[columns.index(palette)] for role, found in _ROLES.items()}
    ink = {role: "#000000" if role in _GROUNDS_OF_INK else "#ffffff" for role in _ROLES}
    return ink | dict(_CONTRAST) if palette == "contrast" else ink


def themes() -> list[Theme]:
    """Return one Textual theme for each palette."""
    from textual.theme import Theme

    made = []
    for palette, name in PALETTES.items():
        colour = _colours(palette)
        made.append(
            Theme(
                name=name,
                primary=colour["accent"],
                secondary=colour["deck-focus-rule"],
                accent=colour["accent"],
                success=colour["success"],
                warning=colour["warning"],
                error=colour["error"],
                foreground=colour["foreground"],
                background=colour["background"],
                surface=colour["surface"],
                panel=colour["panel"],
                boost=colour["panel"],
                dark=True,
                variables=variables(palette),
            )
        )
    return made
