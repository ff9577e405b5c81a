"""Conditions in CEL and name patterns: compiled once, checked when policy is read, bounded when they run.

CEL has no loops and no side effects; what is bounded here besides is the length of an expression, how many of
its macros (`all`, `map`, …) walk lists, because those multiply, and what it may cost on the values it is shown: the
engine cannot be stopped once it runs. Patterns run in the same engine's regular expressions, which take linear time
whatever the name that is matched.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from store.domain.component import Json
from store.errors import Refusal

if TYPE_CHECKING:
    import cel

LONGEST: Final = 1000
"""Characters of an expression."""
MOST_ITEMS: Final = 200
"""Items of any list that an expression is shown; a longer one breaks it, and what breaks refuses."""
MOST_LETTERS: Final = 50_000
"""Characters of all the texts in one list, or of one text, that an expression is shown; more breaks it, too."""
_MOST_WALKS: Final = 2
_WALK: Final = re.compile(
    r"\b(?:all|exists|exists_one|existsOne|map|filter|reduce|sortBy|transform\w*)\b(?:\s*\(\s*(\w+))?"
)
"""A macro that walks a list, and the name it binds; counted wherever its word stands, in a string too."""
_MOST_WORK: Final = 10**10
"""Letters that an expression may come to read, at the very most; some seconds."""
_MOST_KEPT: Final = 10**8
"""The same where its walks make new lists: those letters are held in memory."""
_KEEPING: Final = re.compile(r"\b(?:map|filter|reduce|sortBy|transform\w*)\b")
_WORD: Final = re.compile(r"\w+")
_PATTERN: Final = re.compile(
    r"""\bmatches\b(?:\s*\(\s*r?(?P<quote>['"])(?P<plain>(?:(?!(?P=quote))[^\n])*)(?P=quote)\s*\))?"""
)
_REPEATED: Final = re.compile(r"\{(\d*),?(\d*)\}")
_STATE: Final = 1000
"""What one letter of a pattern costs each time it is made ready, in letters read; a repeated one costs it again.

After that, it may be held against every letter."""
_LARGEST_PATTERN: Final = 10**6
"""Letters; no pattern comes to more than the engine's own limit."""
VARIABLES: Final[Mapping[str, tuple[str, ...]]] = {
    "request": ("id", "project", "environment", "title", "template", "requester", "declared"),
    "risk": ("level", "points", "facts"),
    "change": ("components", "kinds", "added", "removed", "changed", "code", "hosts", "modules"),
    "release": ("digest", "files", "components"),
    "now": ("year", "month", "day", "hour", "minute", "weekday"),
    "approvers": (),
}
"""What an expression may speak of: `approvers` is a list of handles, the others are objects with these fields."""


@lru_cache(maxsize=256)
def compiled(text: str) -> Callable[[Mapping[str, Json]], bool]:
    """Return the function that says whether the CEL expression `text` holds for values of `VARIABLES`.

    That function raises Refusal when the expression breaks or says neither yes nor no: what cannot be judged
    is refused.

    Raises:
        ValueError: it is no CEL, too long, walks too many lists, or names what no value will have.
    """
    program = _program(text)
    known = set(VARIABLES)

    def holds(values: Mapping[str, Json]) -> bool:
        try:
            shown = {name: _bounded(values[name]) for name in known & set(values)}
            _affordable(text, shown.values())
            found = program.execute(shown)
        except BaseException as error:
            # the engine's own panics are no Exception; whoever interrupts the program is none of them
            if isinstance(error, KeyboardInterrupt | SystemExit):
                raise
            raise Refusal([f"the condition `{text}` broke: {str(error)[:200]}"]) from None
        if not isinstance(found, bool):
            raise Refusal([f"the condition `{text}` says {type(found).__name__}, neither yes nor no"])
        return found

    return holds


@lru_cache(maxsize=256)
def matching(pattern: str) -> Callable[[str], bool]:
    """Return the function that says whether the whole of a name matches the regular expression `pattern`.

    Raises:
        ValueError: it is no regular expression, or too long.
    """
    import cel  # its 0.2 s are paid by whoever has patterns or conditions

    if len(pattern) > LONGEST:
        raise ValueError(f"a pattern has at most {LONGEST} characters")
    program = cel.compile("name.matches(pattern)")
    whole = rf"^(?:{pattern})$"

    def matches(name: str) -> bool:
        return program.execute({"name": name, "pattern": whole}) is True

    try:
        matches("")
    except (ValueError, RuntimeError, TypeError) as error:
        raise ValueError(f"no regular expression: {_short(error)}") from None
    return matches


def _program(text: str) -> cel.Program:
    import cel  # its 0.2 s are paid by whoever has patterns or conditions

    if len(text) > LONGEST:
        raise ValueError(f"a condition has at most {LONGEST} characters")
    try:
        program = cel.compile(text)
    except ValueError as error:
        raise ValueError(f"no CEL expression: {_short(error)}") from None
    walks = list(_WALK.finditer(text))
    if len(walks) > _MOST_WALKS:
        raise ValueError(f"a condition walks at most {_MOST_WALKS} lists (all, exists, map, filter, …)")
    bound = {walk[1] for walk in walks}
    unknown = sorted(set(program.variables()) - bound - set(VARIABLES))
    if unknown:
        raise ValueError(f"there is no {', '.join(unknown)}: speak of {', '.join(VARIABLES)}")
    return program


def _bounded(value: Json) -> Json:
    match value:
        case list() if len(value) > MOST_ITEMS:
            raise ValueError(f"a list of {len(value)} items is too long to be judged by a condition")
        case list() if (letters := sum(len(item) for item in value if isinstance(item, str))) > MOST_LETTERS:
            raise ValueError(f"a list of {letters} characters is too long to be judged by a condition")
        case str() if len(value) > MOST_LETTERS:
            raise ValueError(f"a text of {len(value)} characters is too long to be judged by a condition")
        case dict():
            return {key: _bounded(item) for key, item in value.items()}
        case _:
            return value


def _affordable(text: str, values: Iterable[Json]) -> None:
    """Raise ValueError where the expression could take too long or too much memory on these values.

    Each of its words may read the longest value once, at each step of its walks.
    """
    longest, letters = text.count(",") + 1, len(text)
    for value in _leaves(values):
        if isinstance(value, list):
            longest = max(longest, len(value))
            letters = max(letters, sum(len(item) for item in value if isinstance(item, str)))
        elif isinstance(value, str):
            letters = max(letters, len(value))
    steps = longest ** len(_WALK.findall(text))
    patterns = sum(_states(found["plain"]) for found in _PATTERN.finditer(text))
    work = steps * (len(_WORD.findall(text)) * letters + patterns * max(letters, _STATE))
    if work > (_MOST_KEPT if steps > 1 and _KEEPING.search(text) else _MOST_WORK):
        raise ValueError("it would take too long on a change this large: walk fewer lists, or split the change")


def _states(pattern: str | None) -> int:
    """Return how large a pattern may become; one that is put together when it runs (None), as large as any can."""
    if pattern is None:
        return _LARGEST_PATTERN
    size = len(pattern)
    for least, most in _REPEATED.findall(pattern):
        size = min(_LARGEST_PATTERN, size * max(1, *(int(number[:7]) for number in (least, most) if number), 1))
    return size


def _leaves(values: Iterable[Json]) -> Iterator[Json]:
    for value in values:
        if isinstance(value, dict):
            yield from value.values()
        else:
            yield value


def _short(error: Exception) -> str:
    lines = str(error).splitlines()
    message = next((line for line in lines if "ERROR" in line), lines[0] if lines else "")
    return message.split("ERROR:", 1)[-1].strip()[:160]
