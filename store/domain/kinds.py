"""Kinds of entry that are looked for together, apart from the rules about them: looking needs only the names."""

from __future__ import annotations

from typing import Final

SYSTEM: Final = "system"
"""The actor of what quarterdeck itself observes: ingests, gates, read-backs, drifts."""
FINDINGS: Final = ("finding.opened", "finding.raised", "finding.assigned", "finding.noted", "finding.closed")
"""The life of a finding."""
REMINDERS: Final = ("duty.due-soon", "duty.overdue", "finding.overdue", "finding.raised")
"""By which people heard of a duty."""
