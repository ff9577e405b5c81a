"""Who may come in: one token that works once, one cookie after it, and nobody who was sent by another site."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

LOOPBACK: Final = ("127.0.0.1", "localhost")
"""The names by which a browser on this machine, or behind `ssh -L`, calls us."""
HEADERS: Final[Mapping[str, str]] = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; font-src 'self' data:; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; "
    "form-action 'none'",
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
"""What every answer carries. Inline styles are xterm's own: it measures its cells with them."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Knock:
    """What a request says of itself."""

    method: str
    host: str
    origin: str | None
    cookie: str
    is_socket: bool


@dataclass(kw_only=True)
class Door:
    """The state of the door: the token until somebody used it, then who is inside."""

    port: int
    _token: str = field(default_factory=lambda: secrets.token_urlsafe(32), repr=False)
    _inside: str = field(default="", repr=False)

    @property
    def address(self) -> str:
        """Where to come in; good for one visit."""
        return f"http://127.0.0.1:{self.port}/?token={self._token}"

    @property
    def cookie_name(self) -> str:
        """Cookies are shared by all ports of a host, so each server has a name of its own."""
        return f"quarterdeck_{self.port}"

    def enter(self, token: str) -> str | None:
        """Return the cookie for whoever brings the token first, None for everybody else."""
        if not self._token or not hmac.compare_digest(token.encode(), self._token.encode()):
            return None
        self._token, self._inside = "", secrets.token_urlsafe(32)
        return self._inside

    def misled(self, knock: Knock) -> str | None:
        """Return why a request is turned away before it is read, None when it comes from our own page or a person.

        A name that is not loopback's is a DNS rebinding; a foreign origin is another site's script. A browser
        always says where a web socket comes from, so one that does not say it is no browser of ours.
        """
        hosts = {f"{name}:{self.port}" for name in LOOPBACK}
        if knock.method != "GET":
            return "only GET is answered here"
        if knock.host not in hosts:
            return "this console answers to 127.0.0.1 and localhost only"
        own = f"http://{knock.host}"
        if (knock.origin is not None or knock.is_socket) and knock.origin != own:
            return "another site may not speak to this console"
        return None

    def is_inside(self, cookie: str) -> bool:
        """Say whether this cookie is the one that was handed out."""
        return bool(self._inside) and hmac.compare_digest(cookie.encode(), self._inside.encode())
