"""Notices on their way: what is still to be told, kept in a file of its own until a channel took it."""

from store.outbox.outbox import FILE_NAME, Message, Outbox

__all__ = ["FILE_NAME", "Message", "Outbox"]
