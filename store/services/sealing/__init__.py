"""Secrets kept apart: sealed before an export is recorded, shown to few, destroyed on request."""
