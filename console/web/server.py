"""Serves the console through textual-serve, which has neither a token nor a check of the Origin: both stand here."""

from __future__ import annotations

import html
import logging
import os
import shlex
import socket
import sys
import threading
import time
from collections.abc import Awaitable, Callable, Sequence
from importlib.resources import files
from typing import Final, TypeAlias

from aiohttp import web
from textual_serve.server import Server

from console.web.door import HEADERS, Door, Knock
from store.errors import BadInput

_Handler: TypeAlias = Callable[[web.Request], Awaitable[web.StreamResponse]]
_MOST_CONSOLES: Final = 4
"""Consoles open at once: each is a process of some 60 MB."""
_PARENT_SECONDS: Final = 0.5


class GuardedServer(Server):
    """textual-serve's server with a door in front of every address."""

    def __init__(self, command: Sequence[str], door: Door, *, title: str) -> None:
        """Serve `command`, a program and its arguments, to whoever passes `door`."""
        line = f"exec {shlex.join(command)}"
        super().__init__(line, host="127.0.0.1", port=door.port, title=title)
        self._door = door
        self._open = 0

    def initialize_logging(self) -> None:
        """Say warnings, never the variables of a frame (textual-serve's own handler prints them)."""
        logging.basicConfig(level=logging.WARNING, format="%(message)s", stream=sys.stderr)

    async def on_startup(self, app: web.Application) -> None:
        """Print nothing: the command says the address."""

    async def _make_app(self) -> web.Application:
        app = web.Application(middlewares=[self._guard], client_max_size=1024)
        app.add_routes(
            [
                web.get("/", self.handle_page),
                web.get("/page.css", _stylesheet),
                web.get("/ws", self.handle_socket),
                web.static("/static", self.statics_path),
            ]
        )
        app.on_startup.append(self.on_startup)
        return app

    @web.middleware
    async def _guard(self, request: web.Request, handler: _Handler) -> web.StreamResponse:
        knock = Knock(
            method=request.method,
            host=request.headers.get("Host", ""),
            origin=request.headers.get("Origin"),
            cookie=request.cookies.get(self._door.cookie_name, ""),
            is_socket=request.path == "/ws" or "Upgrade" in request.headers,
        )
        misled = self._door.misled(knock)
        if misled is not None:
            return _refusal(misled)
        if request.path == "/" and "token" in request.query:
            return self._welcome(request.query["token"])
        if not self._door.is_inside(knock.cookie):
            return _refusal("come in by the address that quarterdeck serve printed; it works once")
        response = await handler(request)
        if not response.prepared:
            response.headers.update(HEADERS)
        return response

    def _welcome(self, token: str) -> web.Response:
        cookie = self._door.enter(token)
        if cookie is None:
            return _refusal("this token was used before or is none; start quarterdeck serve again")
        response = web.Response(status=303, headers={**HEADERS, "Location": "/"})
        response.set_cookie(self._door.cookie_name, cookie, httponly=True, samesite="Strict", path="/")
        return response

    async def handle_page(self, request: web.Request) -> web.Response:
        """Answer the page around the terminal; nothing in it is loaded from anywhere else."""
        text = files("console.web").joinpath("static/page.html").read_text(encoding="utf-8")
        page = text.replace("{socket}", html.escape(f"ws://{request.headers['Host']}/ws"))
        page = page.replace("{title}", html.escape(self.title))
        return web.Response(text=page, content_type="text/html")

    async def handle_socket(self, request: web.Request) -> web.StreamResponse:
        """Run one console for one page."""
        if self._open >= _MOST_CONSOLES:
            return _refusal(f"{_MOST_CONSOLES} consoles are open already; close one")
        self._open += 1
        try:
            return await self.handle_websocket(request)
        finally:
            self._open -= 1


async def _stylesheet(request: web.Request) -> web.Response:
    del request
    text = files("console.web").joinpath("static/page.css").read_text(encoding="utf-8")
    return web.Response(text=text, content_type="text/css")


def _refusal(why: str) -> web.Response:
    return web.Response(status=403, text=f"quarterdeck: {why}\n", headers=HEADERS)


def listening(port: int) -> socket.socket:
    """Return a socket that listens on loopback; port 0 takes a free one.

    Raises:
        BadInput: the port is taken or may not be used.
    """
    try:
        return socket.create_server(("127.0.0.1", port), backlog=16)
    except (OSError, OverflowError) as error:
        raise BadInput(f"port {port} on 127.0.0.1 cannot be listened on: {error}") from None


def serve(server: GuardedServer, listener: socket.socket) -> None:
    """Serve until SIGINT or SIGTERM."""
    server.initialize_logging()
    web.run_app(server._make_app(), sock=listener, print=None, shutdown_timeout=2.0)


def follow_parent(leave: Callable[[], None]) -> None:
    """Call `leave` once the process that started this one is gone: a killed server leaves no console behind."""
    parent = os.getppid()

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(_PARENT_SECONDS)
        leave()

    threading.Thread(target=watch, name="follow-parent", daemon=True).start()
