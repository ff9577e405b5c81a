"""What the name of a gate says by itself."""

from __future__ import annotations

from typing import Final

PREFIX: Final = "condition/"
"""Before the name of a condition, so that none is ever taken for a built-in gate."""
LATER: Final = frozenset({"approvals", "change-window", "no-freeze", "promoted-from"})
"""Gates about the moment of a deployment, not about what is deployed: an approver need not wait for them."""
