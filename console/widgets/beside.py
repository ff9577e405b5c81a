"""Reading in a thread for a widget that may be gone when the answer comes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from textual.message_pump import MessagePump

P = ParamSpec("P")
R = TypeVar("R")


async def beside(owner: MessagePump, call: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Run a blocking call in a thread and return its answer; whatever it raises is raised.

    When `owner` left the console meanwhile, nobody is there to show the answer or the failure: the worker that
    waits is cancelled. Only inside a worker.
    """
    try:
        answer = await asyncio.to_thread(call, *args, **kwargs)
    except Exception:
        _cancel_without(owner)
        raise
    _cancel_without(owner)
    return answer


def _cancel_without(owner: MessagePump) -> None:
    if not (owner.app.is_running and owner.is_attached):  # an app that shuts down still has its widgets' parents
        raise asyncio.CancelledError
