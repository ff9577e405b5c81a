"""The two files a person may write: `keys.toml` (key id → key) and `settings.toml` (theme, tour)."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from store.errors import BadInput
from store.intake.guard import read_guarded

KEYS_FILE = "keys.toml"
SETTINGS_FILE = "settings.toml"
_MOST_BYTES = 65_536


@dataclass(frozen=True, kw_only=True, slots=True)
class Settings:
    """What a person set once for every ledger."""

    theme: str | None = None
    """A name of `presentation.themes.LOOKS`; None follows the terminal."""
    tour: bool = True
    """Whether the tour is shown at the first start."""


def read_keymap(folder: Path) -> dict[str, str]:
    """Return the person's keys (key id → keys, several apart by commas); none when there is no file.

    `act.approve = "p"` and `"act.approve" = "p"` say the same.

    Raises:
        BadInput: the file cannot be read as that; says where and why in one line.
    """
    path = folder / KEYS_FILE
    found: dict[str, str] = {}
    for name, value in _flat(_table(path)):
        if not isinstance(value, str) or not value.strip():
            raise BadInput(f'{path}: {name} is to be a key, in quotes: {name} = "f5"')
        found[name] = value.strip()
    return found


def read_settings(folder: Path) -> Settings:
    """Return the person's settings; the usual ones when there is no file.

    Raises:
        BadInput: the file cannot be read, or holds what is no setting.
    """
    path = folder / SETTINGS_FILE
    table = _table(path)
    unknown = sorted(set(table) - {"theme", "tour"})
    if unknown:
        raise BadInput(f"{path}: no setting is called {unknown[0]}; there are: theme, tour")
    theme, tour = table.get("theme"), table.get("tour", True)
    if theme is not None and not isinstance(theme, str):
        raise BadInput(f"{path}: theme is to be a name, in quotes")
    if not isinstance(tour, bool):
        raise BadInput(f"{path}: tour is to be true or false")
    return Settings(theme=theme, tour=tour)


def _table(path: Path) -> dict[str, object]:
    if not path.exists():
        return {}
    try:
        return tomllib.loads(read_guarded(path, limit=_MOST_BYTES).decode())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadInput(f"{path}: {error or 'nested too deeply'}") from None
    except OSError as error:
        raise BadInput(f"{path}: {error.strerror}") from None


def _flat(table: Mapping[str, object], above: str = "") -> Iterator[tuple[str, object]]:
    for name, value in table.items():
        if isinstance(value, dict) and not above:
            yield from _flat(value, f"{name}.")
        else:
            yield f"{above}{name}", value
