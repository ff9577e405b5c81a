"""Copies to the clipboard of the person, who may sit at the far end of ssh, and says which way it went."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Mapping
from typing import Final

MOST_BYTES: Final = 74_994
"""What terminals take in one OSC 52 (100,000 bytes in base64); they drop what is longer without a word."""
_SECONDS: Final = 2.0


def too_long(text: str) -> str | None:
    """Return why a text cannot be copied, None when it can."""
    size = len(text.encode())
    if size <= MOST_BYTES:
        return None
    return f"too long to copy: {size:,} bytes, terminals take {MOST_BYTES:,}; the command line prints it"


def copied_by_tmux(text: str, environment: Mapping[str, str]) -> bool:
    """Hand `text` to the tmux around us; return whether it took it.

    Unless told otherwise tmux drops a program's own OSC 52. As its own command it keeps the text in a buffer and
    passes it on to the terminal outside. Blocks for a moment: call in a thread.
    """
    program = shutil.which("tmux")
    if "TMUX" not in environment or program is None:
        return False
    try:
        done = subprocess.run(
            [program, "load-buffer", "-w", "-"], input=text.encode(), env=dict(environment), timeout=_SECONDS,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0
