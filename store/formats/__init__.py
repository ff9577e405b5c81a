"""Guarded readers of the formats that exports come in: hostile input costs a bounded time and memory, then one line."""
