"""What `?` says: what this screen is for and every key that works in it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from textual.binding import ActiveBinding, Binding

from console.presentation.spans import Line, line

_GROUPS = (
    ("Acts", ("act.",)),
    ("Looking", ("look.", "diff.", "time.")),
    ("Moving", ("list.",)),
    ("Finding and going", ("find.", "screen.", "app.")),
)


def help_lines(
    bindings: Mapping[str, ActiveBinding], texts: Sequence[str], key_display: Callable[[Binding], str]
) -> list[str | Line]:
    """Return the lines of the help: the screen's own sentences, then the keys by group, each id once."""
    lines: list[str | Line] = [*texts, *([""] if texts else [])]
    keys: dict[str, tuple[list[str], str]] = {}
    for active in bindings.values():
        if active.binding.id is not None:
            found = keys.setdefault(active.binding.id, ([], active.binding.description))
            found[0].append(key_display(active.binding))
    for title, prefixes in _GROUPS:
        group = [(shown, word) for name, (shown, word) in keys.items() if name.startswith(prefixes)]
        if group:
            lines.append(line((title, "title")))
            lines.extend(line((f"  {' '.join(dict.fromkeys(shown)):<16}", "key"), word) for shown, word in group)
            lines.append("")
    return lines
