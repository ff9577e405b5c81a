"""Incidents: opened, told, worked through by playbooks, closed; and notes on whatever the ledger holds."""

from store.services.incidents.handling import SEVERITIES, annotate, close, note, open_incident

__all__ = ["SEVERITIES", "annotate", "close", "note", "open_incident"]
