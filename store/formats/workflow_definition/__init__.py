"""The Workflow Definition Language of Microsoft, which Azure Logic Apps and Power Automate both are written in.

Two platforms share a language here, so what is known of it stands below both: how its steps become parts with
names, who follows whom, what is noise, what is code, and what a reviewer should see in it.
"""

from __future__ import annotations

from store.formats.workflow_definition.language import language
from store.formats.workflow_definition.steps import (
    flattened,
    is_definition,
    is_noise,
    labels_of,
    wires,
    without_noise,
    workflow_without_noise,
)
from store.formats.workflow_definition.uses import connectors_of_reference, credentials
from store.formats.workflow_definition.watch import Seen, look

__all__ = [
    "Seen",
    "connectors_of_reference",
    "credentials",
    "flattened",
    "is_definition",
    "is_noise",
    "labels_of",
    "language",
    "look",
    "wires",
    "without_noise",
    "workflow_without_noise",
]
