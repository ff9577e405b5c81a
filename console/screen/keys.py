"""The keys of the house: one act, one key, everywhere; every one has an id, so that a person can remap it."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from textual.binding import Binding
from textual.dom import DOMNode
from textual.keys import KEY_NAME_REPLACEMENTS, Keys, _character_to_key, key_to_character

from console.presentation.text import display
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
        "settle": ("C", "Settle comment"),
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
        "write": ("plus", "New request"),
        "checklist": ("T", "Checklist"),
        "playbook": ("P", "Playbook"),
        "resume": ("F", "Finish"),
        "takeback": ("U", "Take back"),
        "close": ("X", "Close"),
        "assign": ("H", "Hand to"),
        "finding": ("f", "New finding"),
        "glass": ("B", "Break glass"),
        "lineage": ("L", "Lineage"),
        "reload": ("r", "Reload"),
    }
)
"""Act → its key and its word, everywhere the same."""
CAREFUL: Final = frozenset({"act.approve", "act.refuse", "act.deploy", "act.promote", "act.rollback", "act.revert"})
"""Keys that a held `enter` or a finger still on ctrl must never be."""
_SLIPS: Final = frozenset({"enter", "space", "tab", "escape", "backspace"})
_NAMED: Final = frozenset({*(key.value for key in Keys), *KEY_NAME_REPLACEMENTS.values()})


def act(name: str, label: str | None = None) -> Binding:
    """Return the key of an act that changes something: the pane's `act_<name>` runs when `why_not` has no reason."""
    key, word = KEYS[name]
    return Binding(key, f"act('{name}')", label or word, id=f"act.{name}")


def look(name: str, label: str | None = None, *, show: bool = True) -> Binding:
    """Return the key of an act that changes nothing: the pane's `look_<name>`."""
    key, word = KEYS[name]
    return Binding(key, f"look('{name}')", label or word, id=f"look.{name}", show=show)


@dataclass(frozen=True, kw_only=True, slots=True)
class KeyRow:
    """One key of the console as `quarterdeck keys` lists it."""

    id: str
    keys: str
    """As Textual spells them, several apart by commas: `slash`, `j,down`."""
    meaning: str


def keys_of(owners: Iterable[type[DOMNode]]) -> tuple[KeyRow, ...]:
    """Return every key that these screens and widgets bind, each id once, sorted by id."""
    rows: dict[str, KeyRow] = {}
    for owner in owners:
        for binding in owner.BINDINGS:
            if isinstance(binding, Binding) and binding.id is not None:
                known = rows.get(binding.id)
                keys = binding.key if known is None else _united(known.keys, binding.key)
                meaning = known.meaning if known is not None and known.meaning else binding.description
                rows[binding.id] = KeyRow(id=binding.id, keys=keys, meaning=meaning)
    return tuple(rows[name] for name in sorted(rows))


def _united(some: str, more: str) -> str:
    return ",".join(dict.fromkeys((*some.split(","), *more.split(","))))


def spelled(keys: str) -> str:
    """Return keys as Textual spells them: `/` is `slash`, `ctrl+E` is refused, `j,down` are two.

    Raises:
        BadInput: one of them is no key.
    """
    return ",".join(_spelled(one.strip()) for one in (("comma",) if keys == "," else keys.split(",")))


def _spelled(key: str) -> str:
    before, _, last = key.rpartition("+")
    base, modifiers = ("+", before.rstrip("+")) if not last else (last, before)
    name = _character_to_key(base) if len(base) == 1 else base
    known = bool(key) and (len(base) == 1 or name in _NAMED or key_to_character(name) is not None)
    held = modifiers.split("+") if modifiers else []
    if not known or not set(held) <= {"ctrl", "shift", "alt"} or (held and base.isupper()):
        raise BadInput(f"{display(key, 40)!r} is no key; keys are letters, signs, f1 to f24, or names like space")
    return "+".join((*held, name))


def checked_keymap(keymap: Mapping[str, str], known: Mapping[str, str]) -> dict[str, str]:
    """Return a person's keymap (key id → keys) when every id and key exists and no key would mean two things.

    `known` holds every id and its keys by default. Textual itself would give a key that is taken to the newcomer
    without a word. Two ids that share a key by default are never met in one place, and may go on sharing.

    Raises:
        BadInput: an id or key is unknown, a key is already another act's, or a slip of the hand could act.
    """
    asked = {name: _checked(name, keys, known) for name, keys in keymap.items()}
    for name, keys in asked.items():
        for other, default in known.items():
            shared = set(keys.split(",")) & set(asked.get(other, default).split(","))
            apart = set(known[name].split(",")) & set(default.split(","))
            dialogs = name.startswith("dialog.") != other.startswith("dialog.")
            if other != name and shared and not apart and not dialogs:
                raise BadInput(f"{min(shared)} cannot be {name}: it is {other}")
    return asked


def _checked(name: str, keys: str, known: Mapping[str, str]) -> str:
    if name not in known:
        near = difflib.get_close_matches(name, known, n=3, cutoff=0.6)
        hint = f"did you mean {' or '.join(near)}?" if near else "quarterdeck keys lists them"
        raise BadInput(f"no key is called {display(name, 60)}; {hint}")
    try:
        found = spelled(keys)
    except BadInput as error:
        raise BadInput(f"{name}: {error}") from None
    slips = [key for key in found.split(",") if key in _SLIPS or key.startswith("ctrl+")]
    if name in CAREFUL and slips:
        raise BadInput(f"{slips[0]} cannot be {name}: what cannot be taken back is never on enter, space or ctrl")
    return found
