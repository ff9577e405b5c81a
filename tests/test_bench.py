"""The programs beside the tests that `make` starts by themselves: they find what they import without pytest's paths."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[1]


@pytest.mark.parametrize(
    "program", [("-m", "bench", "--help"), ("tests/soak/soak_run.py", "--help"), ("-c", "import bench.attacks")]
)
def test_it_starts(program: tuple[str, ...]) -> None:
    said = subprocess.run([sys.executable, *program], cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert (said.returncode, said.stderr) == (0, "")
