"""Where a person's own files are, after the XDG base directory specification."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path


def config_folder(environment: Mapping[str, str] = os.environ) -> Path:
    """Return the folder of what a person writes: `$XDG_CONFIG_HOME/quarterdeck`, by default under `~/.config`."""
    return _base(environment, "XDG_CONFIG_HOME", Path(".config")) / "quarterdeck"


def state_folder(environment: Mapping[str, str] = os.environ) -> Path:
    """Return the folder of what the console keeps: `$XDG_STATE_HOME/quarterdeck`, by default `~/.local/state`."""
    return _base(environment, "XDG_STATE_HOME", Path(".local") / "state") / "quarterdeck"


def _base(environment: Mapping[str, str], name: str, default: Path) -> Path:
    # The specification: a path that is not absolute is to be ignored.
    configured = Path(environment.get(name, ""))
    return configured if configured.is_absolute() else Path.home() / default
