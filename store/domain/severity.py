"""How bad something is by where it happened: what runs in production comes first."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Final

PRODUCTION: Final = "prod*"
"""The environments that others depend on, whatever the case of their letters; who changes one types its name."""


def is_production(environment: str) -> bool:
    """Say whether an environment is one that others depend on."""
    return fnmatchcase(environment.casefold(), PRODUCTION)


def of_drift(environment: str, status: str = "open") -> str:
    """Return how pressing a drift is: critical where it is open in production, low once somebody answered it."""
    if status != "open":
        return "low"
    return "critical" if is_production(environment) else "high"
