"""A real OpenSSH connection to this machine, and how many bytes of it come back over the wire."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.ssh_server import SshServer, ssh_server


class Wire:
    """Passes everything on between ssh and sshd and counts what sshd sends."""

    def __init__(self, port: int) -> None:
        self._there = port
        self._door = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._door.getsockname()[1]
        self.received = 0
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        self._door.close()

    def _serve(self) -> None:
        while True:
            try:
                near, _ = self._door.accept()
            except OSError:  # closed
                return
            far = socket.create_connection(("127.0.0.1", self._there))
            for one in (near, far):
                one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=self._pass, args=(near, far, 0), daemon=True).start()
            threading.Thread(target=self._pass, args=(far, near, 1), daemon=True).start()

    def _pass(self, source: socket.socket, sink: socket.socket, counts: int) -> None:
        try:
            while data := source.recv(65_536):
                self.received += counts * len(data)
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)
        except OSError:  # one side is gone
            return


@contextmanager
def wire(folder: Path) -> Iterator[tuple[Wire, SshServer]]:
    """Start an sshd and the wire to it."""
    with ssh_server(folder) as server:
        between = Wire(server.port)
        try:
            yield between, server
        finally:
            between.close()


def login(between: Wire, server: SshServer, command: str, *options: str) -> list[str]:
    """Return the ssh command that runs `command` in a terminal there, over the wire."""
    known = f"HostKeyAlias=[127.0.0.1]:{server.port}"
    line = server.command("-tt", "-o", known, *options)
    line[line.index("-p") + 1] = str(between.port)
    return [*line, command]
