"""The quarterdeck program on a machine where one read never comes back: a target that hangs, a disk that is gone."""

from __future__ import annotations

import sys
import time
from typing import Any

from console.cli import main
from store.services.triage import triage


def hang(*_: Any, **__: Any) -> None:
    """Answer nobody."""
    time.sleep(600)


if __name__ == "__main__":
    triage.overview = hang
    sys.argv[0] = "quarterdeck"
    main()
