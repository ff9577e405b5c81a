"""A workspace: one folder with its configuration, ledger, keys and drop folders, opened once."""

from __future__ import annotations

from store.workspace.founding import create
from store.workspace.layout import LEDGER_FILE, LOG_KEY_FILE, find
from store.workspace.opening import Workspace, open_workspace
from store.workspace.unopened import verify_unopened

__all__ = ["LEDGER_FILE", "LOG_KEY_FILE", "Workspace", "create", "find", "open_workspace", "verify_unopened"]
