"""What the eye makes of a name: two that it takes for one another are not both given here."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from typing import Final

_LETTERS: Final = str.maketrans(
    "\u0430\u0432\u0435\u043a\u043c\u043d\u043e\u0440\u0441\u0442\u0443\u0445\u0456\u0458\u0455\u0501\u04bb\u051b\u051d\u04cf"
    "\u0475\u0261\u03b1\u03b2\u03b3\u03b5\u03b7\u03b9\u03ba\u03bd\u03bf\u03c1\u03c4\u03c5\u03c7\u03c9\u03f2\u0131\u02690",
    "abekmhopctyxijsdhqwlvgabyeniknoptuxwciio",
)
"""Letters of other scripts that are drawn as Latin ones (Unicode's confusables, as far as they fit a name here)."""
_ONE: Final = str.maketrans("1|", "ll")
_LATIN: Final = re.compile(r"[a-z0-9]")


def shape(name: str) -> str:
    """Return what the eye makes of a name: case, marks, script, dots and dashes do not count."""
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", name).casefold())
    latin = plain.translate(_LETTERS).translate(_ONE)
    return "".join(_LATIN.findall(latin)).replace("rn", "m").replace("vv", "w")


def alike(name: str, others: Iterable[str]) -> str | None:
    """Return the first of the other names, in their order, that this one is taken for; None where there is none."""
    mine = shape(name)
    return next((one for one in sorted(others) if one != name and mine and shape(one) == mine), None)
