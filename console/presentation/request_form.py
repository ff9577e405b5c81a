"""The form of a request in words: its fields, what is wrong with them, and which key goes on. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from console.presentation.spans import Line, line
from console.presentation.words import counted
from store.domain.templates import Fault

FIELDS: Final = (
    ("template", "kind of change", "says what must be stated, and what approvers tick off"),
    ("risk", "risk", "as you declare it; the higher of this and what is computed counts"),
    ("title", "title", "what it is, in a few words"),
    ("why", "why", "the problem it solves"),
    ("what", "what", "the intended change"),
    ("impact", "impact", "who and what it touches"),
    ("success", "success", "how you will know that it worked"),
    ("rollback_plan", "rollback plan", "how to go back"),
    ("tests", "tests", "test coverage, and test data: made, transformed, scrubbed, when"),
    ("dependencies", "dependencies", "systems it depends on"),
    ("constraints", "constraints", "regulatory or policy constraints"),
)
"""Field of `RequestContent`, its label, and what it is for, in the order one writes."""
LABELS: Final = {name: label for name, label, _ in FIELDS}


def locked_words(faults: Sequence[Fault]) -> str:
    """Return what keeps the form from being handed in, short enough for one line; empty when nothing does."""
    if not faults:
        return ""
    wrong = {fault.field for fault in faults}
    names = [label for name, label in LABELS.items() if name in wrong]
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return f"{counted(len(names), 'field')} to mend: {', '.join(names[:3])}{more}"


def keys_line(faults: Sequence[Fault], *, room: int, editing: bool) -> Line:
    """Return the last line: the keys, and why they do not work yet."""
    cap = "badge" if faults else "keycap"
    keep = "save as draft" if editing else "keep as draft"
    words = line(
        (" ctrl+s ", cap), " hand in  ", (" ctrl+t ", cap), f" {keep}  ", (" esc ", "keycap"), " leave",
        *((("  tab next field", "muted"),) if room >= 76 and not faults else ()),
    )  # fmt: skip
    return (*words, *line((f"  {locked_words(faults)}", "warn"))) if faults and room >= 100 else words


def kept_line(hidden: Sequence[str], cut: Sequence[str], *, written: bool) -> Line:
    """Return what of the form is not kept on this computer; nothing when all is."""
    if not written:
        return line(("! ", "warn"), ("what you type cannot be kept here: it is lost when the console ends", "warn"))
    if hidden:
        names = ", ".join(LABELS.get(name, name) for name in hidden)
        return line(
            ("! ", "warn"), (f"{names}: looks like a secret; it is not kept, and taken out before signing", "warn")
        )
    if cut:
        return line(("! ", "warn"), (f"{', '.join(cut)}: too long to be kept whole", "warn"))
    return line()
