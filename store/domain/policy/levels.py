"""The words that a policy grades and plans with; whoever needs no more than these imports no rules."""

from __future__ import annotations

from typing import Final

RISKS: Final = ("low", "medium", "high", "critical")
SEVERITIES: Final = ("info", "warning", "high", "critical")
WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
