"""What `?` says: what this screen is for and every key that works in it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

from textual.binding import ActiveBinding, Binding

from console.presentation.spans import Line, keyed, line

_GROUPS = (
    ("Acts", ("act.",)),
    ("Looking", ("look.", "diff.", "time.")),
    ("Moving", ("list.",)),
    ("Finding and going", ("find.", "screen.", "app.")),
)


def help_lines(
    bindings: Mapping[str, ActiveBinding],
    texts: Sequence[str],
    key_display: Callable[[Binding], str],
    reason: Callable[[Binding], str | None] = lambda _: None,
    words: Mapping[str, str] = MappingProxyType({}),
) -> list[str | Line]:
    """Return the lines of the help: the screen's own sentences, then the keys by group, each id once.

    Under a key that cannot be used now stands why, and what would unblock it: `reason` says so. `words` (id → what
    it does) says more than a binding can: which screen a number leads to.
    """
    lines: list[str | Line] = [*map(keyed, texts), *([""] if texts else [])]
    keys: dict[str, tuple[list[str], str]] = {}
    against: dict[str, str] = {}
    for active in bindings.values():
        if active.binding.id is not None:
            name = active.binding.id
            found = keys.setdefault(name, ([], words.get(name, active.binding.description)))
            found[0].append(key_display(active.binding))
            why = reason(active.binding)
            if why is not None:
                against[active.binding.id] = why
    for title, prefixes in _GROUPS:
        group = {name: found for name, found in keys.items() if name.startswith(prefixes)}
        if not group:
            continue
        lines.append(line((title, "title")))
        for name, (shown, word) in group.items():
            cannot = name in against
            lines.append(
                line(
                    (f"  {' '.join(dict.fromkeys(shown)):<16}", "faint" if cannot else "key"),
                    word,
                    (" (not now)" if cannot else "", "warn"),
                )
            )
            lines.extend(line(f"{'':18}", *keyed(why, "muted")) for why in against.get(name, "").split("\n") if why)
        lines.append("")
    return lines
