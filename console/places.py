"""The screens: which there are, and which keys reach them."""

from __future__ import annotations

from console.screen.place import AtVisit, Place

SCREENS: tuple[Place, ...] = (
    Place(key="1", id="triage", title="Triage", factory=AtVisit("triage:Triage")),
    Place(key="2", id="approvals", title="Approvals", factory=AtVisit("approvals:Approvals"), subjects=("CR-",)),
    Place(key="3", id="lineage", title="Lineage", factory=AtVisit("lineage:Lineage"), subjects=("DEP-",)),
    Place(key="4", id="drift", title="Drift", factory=AtVisit("drift:Drift"), subjects=("DR-",)),
    Place(key="5", id="replay", title="Replay", factory=AtVisit("replay:Replay")),
    Place(key="6", id="ledger", title="Ledger", factory=AtVisit("ledger:Ledger"), subjects=("#",)),
    Place(key="7", id="connectors", title="Connectors", factory=AtVisit("connectors:Connectors")),
    Place(key="8", id="health", title="Health", factory=AtVisit("health:Health")),
    Place(key="9", id="incidents", title="Incidents", factory=AtVisit("incidents:Incidents"), subjects=("INC-", "BG-")),
    Place(key="0", id="findings", title="Findings", factory=AtVisit("findings:Findings"), subjects=("FND-", "AN-")),
)
"""One line a screen."""
