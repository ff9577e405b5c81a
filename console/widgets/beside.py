"""Reading in a thread: for a widget that may be gone when the answer comes, in a console that may be left meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, ParamSpec, TypeVar, cast

from textual.dom import DOMNode
from textual.message_pump import MessagePump
from textual.worker import WorkType

from console.widgets.terminal import TerminalApp

P = ParamSpec("P")
R = TypeVar("R")


def in_worker(
    owner: DOMNode, work: Callable[[], Coroutine[Any, Any, None]], *, group: str, name: str, exclusive: bool = False
) -> None:
    """Begin `work` in a worker of `owner`.

    Textual takes a coroutine as well; one that is cancelled before its first step, as a console that is being left
    cancels all, is complained about in the person's shell.
    """
    begun = cast("WorkType[None]", work)
    owner.run_worker(begun, group=group, name=name, exclusive=exclusive)


async def beside(owner: MessagePump, call: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Read in one of the app's threads for a widget; whatever `call` raises is raised.

    When `owner` left the console meanwhile, nobody is there to show the answer or the failure: the worker that
    waits is cancelled. Only inside a worker.
    """
    try:
        answer = await cast("TerminalApp[Any]", owner.app).threads.read(call, *args, **kwargs)
    except Exception:
        _cancel_without(owner)
        raise
    _cancel_without(owner)
    return answer


def _cancel_without(owner: MessagePump) -> None:
    if not (owner.app.is_running and owner.is_attached):  # an app that shuts down still has its widgets' parents
        raise asyncio.CancelledError
