"""Killing a process at its N-th step on files: what soak_steps.c counts, for a program that was started with it."""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
from pathlib import Path

SOURCE = Path(__file__).with_suffix(".c")
NEVER = 1 << 40


def built(folder: Path) -> Path | None:
    """Compile the counter into `folder`; None where there is no C compiler."""
    compiler = shutil.which("cc")
    if compiler is None:
        return None
    library = folder / "soak_steps.so"
    subprocess.run([compiler, "-O2", "-shared", "-fPIC", "-o", library, SOURCE, "-ldl"], check=True)
    return library


def with_it(library: Path) -> dict[str, str]:
    """Return the environment of a program whose steps are to be counted."""
    return os.environ | {"LD_PRELOAD": str(library), "PYTHONDONTWRITEBYTECODE": "1"}


def arm(at: int = NEVER) -> None:
    """Count from now on, and die at step `at`."""
    ctypes.CDLL(None).soak_arm(ctypes.c_long(at))


def disarm() -> int:
    """Count no more; return how many steps there were."""
    library = ctypes.CDLL(None)
    library.soak_seen.restype = ctypes.c_long
    steps = int(library.soak_seen())
    library.soak_arm(ctypes.c_long(0))
    return steps
