"""The keys of the house: one act, one key, everywhere; every one has an id, so that a person can remap it."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from textual.binding import Binding

from store.errors import BadInput

KEYS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "approve": ("a", "Approve"),
        "refuse": ("x", "Refuse"),
        "diff": ("d", "Diff"),
        "deploy": ("D", "Deploy"),
        "rollback": ("R", "Roll back"),
        "promote": ("m", "Promote"),
        "acknowledge": ("A", "Acknowledge"),
        "comment": ("c", "Comment"),
        "incident": ("i", "Incident"),
        "time": ("t", "Time travel"),
        "verify": ("V", "Verify"),
        "entry": ("e", "Entry"),
        "explain": ("W", "Why"),
        "browser": ("o", "Browser"),
        "copy": ("y", "Copy"),
        "export": ("E", "Export"),
        "viewed": ("v", "Viewed"),
        "revert": ("R", "Revert"),
        "adopt": ("u", "Adopt"),
        "submit": ("S", "Submit"),
        "edit": ("ctrl+e", "Edit"),
        "reload": ("r", "Reload"),
    }
)
"""Act → its key and its word, everywhere the same (experience.md, "Rules of the house")."""


def act(name: str, label: str | None = None) -> Binding:
    """Return the key of an act that changes something: the pane's `act_<name>` runs when `why_not` has no reason."""
    key, word = KEYS[name]
    return Binding(key, f"act('{name}')", label or word, id=f"act.{name}")


def look(name: str, label: str | None = None, *, show: bool = True) -> Binding:
    """Return the key of an act that changes nothing: the pane's `look_<name>`."""
    key, word = KEYS[name]
    return Binding(key, f"look('{name}')", label or word, id=f"look.{name}", show=show)


def checked_keymap(keymap: Mapping[str, str], known: Mapping[str, str]) -> dict[str, str]:
    """Return a person's keymap (key id → key) when every id exists and no key would mean two things.

    `known` holds every id and its key by default. Textual itself would give a key that is taken to the newcomer
    without a word.

    Raises:
        BadInput: an id is unknown, or a key is already another act's.
    """
    for name, key in keymap.items():
        if name not in known:
            raise BadInput(f"no key is called {name}; the keys are: {', '.join(sorted(known))}")
        for other, default in known.items():
            taken = keymap.get(other, default)
            scoped = other.partition(".")[0] in {"list", "diff", "time", "dialog"}
            if other != name and not scoped and set(key.split(",")) & set(taken.split(",")):
                raise BadInput(f"{key} cannot be {name}: it is {other}")
    return dict(keymap)
