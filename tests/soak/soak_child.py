"""A process of its own that appends: python soak_child.py WORKSPACE COUNT; strace makes its calls fail."""

from __future__ import annotations

import sys
from pathlib import Path

HERE = Path(__file__).resolve()
sys.path[:0] = [str(HERE.parents[2]), str(HERE.parent)]

from soak_ground import appending

if __name__ == "__main__":
    sys.exit(appending(Path(sys.argv[1]), int(sys.argv[2]))())
