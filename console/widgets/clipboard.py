"""Copies to the clipboard of the person, who may sit at the far end of ssh, and says which way it went."""

from __future__ import annotations

import base64
import shutil
import subprocess
from collections.abc import Mapping
from typing import Final

from store.errors import BadInput

MOST_BYTES: Final = 74_994
"""What terminals take in one OSC 52 (100,000 bytes in base64); they drop what is longer without a word."""
_SECONDS: Final = 2.0
_CHUNK: Final = 240
"""What one piece for GNU screen holds: screen drops a string of more than 768 bytes (256 in old ones)."""


def check_length(text: str) -> None:
    """Let pass what terminals take.

    Raises:
        BadInput: it is longer.
    """
    size = len(text.encode("utf-8", "replace"))
    if size > MOST_BYTES:
        raise BadInput(f"too long to copy: {size:,} bytes, terminals take {MOST_BYTES:,}; the command line prints it")


def inside_screen(environment: Mapping[str, str]) -> bool:
    """Return whether GNU screen may stand between us and the terminal: here, or at the near end of ssh.

    Over ssh only TERM tells, and tmux may call itself screen there too.
    """
    return "STY" in environment or ("TMUX" not in environment and environment.get("TERM", "").startswith("screen"))


def through_screen(text: str) -> str:
    """Return what makes GNU screen hand the OSC 52 for `text` on to the terminal around it, which it never does itself.

    It passes on whatever stands in a device control string, of which it takes only short ones.
    """
    whole = f"\x1b]52;c;{base64.b64encode(text.encode('utf-8', 'replace')).decode()}\x07"
    return "".join(f"\x1bP{whole[at : at + _CHUNK]}\x1b\\" for at in range(0, len(whole), _CHUNK))


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
