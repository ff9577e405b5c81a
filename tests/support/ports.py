"""A port for a server that has to be told which one to listen at."""

from __future__ import annotations

import itertools
import os
import socket

_FIRST, _LAST = 20_000, 32_000
"""Below what the system gives out by itself, or it might give it to somebody else before the server has begun."""
_tries = itertools.count(os.getpid() * 97)  # the workers of a run go different ways


def free_port() -> int:
    """Return a port of 127.0.0.1 that nobody listens at."""
    for number in itertools.islice(_tries, _LAST - _FIRST):
        port = _FIRST + number % (_LAST - _FIRST)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise AssertionError("every port is taken")
