"""Conditions tried out where policy files are read: what would break at every gate is said before it is adopted.

Only for files that are being written: what was adopted once stays readable whatever is found out later.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from typing import TYPE_CHECKING, Final

from store.domain.component import Json
from store.domain.policy.expressions import VARIABLES

if TYPE_CHECKING:
    import cel

_SAMPLE: Final[Mapping[str, Json]] = {
    "request": dict.fromkeys(VARIABLES["request"], "orders"),
    "risk": {"level": "low", "points": 10, "facts": ["code-changed"]},
    "change": {
        "components": ["Orders"], "kinds": ["tab"], "added": 1, "removed": 1, "changed": 1, "code": True,
        "hosts": ["api.example"], "modules": ["node-red-dashboard"],
    },
    "release": {"digest": "0" * 64, "files": 1, "components": 1},
    "now": {"year": 2026, "month": 11, "day": 26, "hour": 12, "minute": 0, "weekday": "thu"},
    "approvers": ["bo"],
}  # fmt: skip
"""One change as conditions see it (`seen.values`): the values do not matter, their types do."""
_TEXTS: Final = re.compile(r"'(?:\\.|[^'\\])*'|\"(?:\\.|[^\"\\])*\"")
_FIELD: Final = re.compile(r"(?<![\w.])(\w+)\s*\.\s*(\w+)\b(?!\s*\()")
_TYPES: Final = "No such overload"
_UNHEARD: Final = re.compile(r"Undefined variable or function: '(\w+)'")


def doubts(text: str, *, without: Collection[str] = ()) -> Iterator[str]:
    """Yield what is wrong with a condition that compiles: fields that nothing has, types that do not fit, no yes or no.

    `without` names variables that have no value where it is asked.
    """
    import cel

    program, plain = cel.compile(text), _TEXTS.sub("''", text)
    gone = sorted({*without} & {*program.variables()})
    if gone:
        yield f"{', '.join(gone)} has no value yet where this is asked"
    unknown = [(of, field) for of, field in _FIELD.findall(plain) if of in VARIABLES and field not in VARIABLES[of]]
    for of, field in dict.fromkeys(unknown):
        has = f"{of} has {', '.join(VARIABLES[of])}" if VARIABLES[of] else f"{of} is a list"
        yield f"there is no {of}.{field}: {has}"
    if not gone and not unknown:
        yield from _tried(program)


def _tried(program: cel.Program) -> Iterator[str]:
    """Yield what comes of it on the sample where that lies in the condition, not in the sample's values."""
    try:
        found = program.execute(dict(_SAMPLE))
    except BaseException as error:
        # the engine's own panics are no Exception; whoever interrupts the program is none of them
        if isinstance(error, KeyboardInterrupt | SystemExit):
            raise
        unheard = _UNHEARD.search(str(error))
        if unheard is not None:
            yield f"there is no function {unheard[1]} for what it is given"
        elif _TYPES in str(error):
            yield "its types do not fit together: numbers, texts and lists compare with their like only"
        return
    if not isinstance(found, bool):
        yield f"it says {type(found).__name__}, neither yes nor no"
