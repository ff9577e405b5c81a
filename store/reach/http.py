"""One HTTP service: a deadline for the whole answer, a limit to its size, and a say in whose certificate counts."""

from __future__ import annotations

import re
import ssl
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from store.domain.component import Json
from store.errors import BadInput, PlatformFailure
from store.integrity.strict_json import parse as parse_json
from store.reach.heard import heard, status_words

if TYPE_CHECKING:  # a tenth of a second to import, and most commands ask nobody
    import httpx

_MOST_BYTES: Final = 64 * 1024 * 1024
_FINGERPRINT: Final = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, kw_only=True, slots=True)
class Trust:
    """Whose certificate counts: the system's authorities, a private authority's, or one pinned certificate."""

    ca_file: Path | None = None
    fingerprint: str | None = None
    """SHA-256 of the server's certificate (DER), 64 hex digits."""

    def __post_init__(self) -> None:
        if self.ca_file is not None and self.fingerprint is not None:
            raise BadInput("a certificate is either pinned or vouched for by an authority, not both")
        if self.fingerprint is not None:
            plain = self.fingerprint.lower().removeprefix("sha256:").replace(":", "")
            if not _FINGERPRINT.fullmatch(plain):
                raise BadInput(
                    "a fingerprint is the certificate's SHA-256, 64 hex digits:"
                    " openssl x509 -in FILE -noout -fingerprint -sha256"
                )
            object.__setattr__(self, "fingerprint", plain)


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """What came back, whole."""

    status: int
    content: bytes = field(repr=False)

    @property
    def words(self) -> str:
        """The status in words: ours, for those that the other side sends with it may be anything."""
        return status_words(self.status)

    @property
    def fine(self) -> bool:
        return 200 <= self.status < 300


@dataclass(kw_only=True, slots=True)
class Service:
    """One HTTP service, asked again and again. Every request has a connection of its own, so nothing stays open."""

    url: str
    name: str
    """What it is, for people: `Node-RED`."""
    trust: Trust = field(default_factory=Trust)
    seconds: float = 10.0
    """How long one request may take from first to last byte, whatever the other side does meanwhile."""
    headers: Mapping[str, str] = field(default_factory=dict)
    _context: ssl.SSLContext | None = None

    def __post_init__(self) -> None:
        import httpx

        try:
            url = httpx.URL(self.url)
        except (httpx.InvalidURL, TypeError):
            raise BadInput(f"{self.url[:80]!r} is no URL") from None
        if url.scheme not in {"http", "https"} or not url.host:
            raise BadInput(f"the URL of {self.name} begins with http:// or https://, not {self.url[:80]!r}")
        if url.userinfo or url.query or url.fragment:
            raise BadInput(f"the URL of {self.name} holds no user, password, query or fragment")
        if url.scheme == "http" and (self.trust.ca_file or self.trust.fingerprint):
            raise BadInput(f"{self.url[:80]} has no certificate that could be checked: write https://")

    def describe(self) -> str:
        """Return the place in words."""
        return f"{self.name} at {self.url.rstrip('/')}"

    def ask(self, method: str, path: str, **more: Any) -> Answer:
        """Send one request and return the whole answer, whatever its status.

        Raises:
            PlatformFailure: nobody there, not in time, too much, or a certificate that does not count.
        """
        import httpx

        until = time.monotonic() + self.seconds
        with self._failures(), self._client() as client, client.stream(method, path, **more) as response:
            body = bytearray()
            for part in response.iter_bytes():
                body += part
                if len(body) > _MOST_BYTES:
                    raise PlatformFailure(f"{self.describe()}: the answer is larger than {_MOST_BYTES} bytes")
                if time.monotonic() > until:
                    raise httpx.ReadTimeout("the answer trickles")
            return Answer(status=response.status_code, content=bytes(body))

    def json(self, answer: Answer) -> Json:
        """Return the JSON in an answer.

        Raises:
            PlatformFailure: the answer is no success, or no JSON.
        """
        if not answer.fine:
            raise PlatformFailure(f"{self.describe()} answered {answer.words}")
        try:
            return parse_json(answer.content).value
        except BadInput as error:
            raise PlatformFailure(f"{self.describe()} answered with something else: {heard(error)}") from None

    def object(self, answer: Answer) -> dict[str, Json]:
        """Return the JSON object in an answer. Raises PlatformFailure, too, when it is anything else."""
        value = self.json(answer)
        if not isinstance(value, dict):
            raise PlatformFailure(f"{self.describe()} answered with something else: no object")
        return value

    @contextmanager
    def _failures(self) -> Iterator[None]:
        import httpx

        try:
            yield
        except httpx.TimeoutException:
            raise PlatformFailure(f"{self.describe()} did not answer within {self.seconds:g} s") from None
        except httpx.HTTPError as error:
            why = heard(error) or type(error).__name__
            raise PlatformFailure(f"{self.describe()} cannot be reached: {why}") from None

    def _client(self) -> httpx.Client:
        """Return a client; proxies and `.netrc` of the environment are not looked at, redirects not followed."""
        import httpx

        if self._context is None:
            self._context = self._trusting()  # loading the authorities takes longer than most requests
        return httpx.Client(
            base_url=self.url.rstrip("/") + "/",
            timeout=self.seconds,
            trust_env=False,
            verify=self._context,
            headers={"Accept": "application/json", **self.headers},
        )

    def _trusting(self) -> ssl.SSLContext:
        import httpx

        url = httpx.URL(self.url)
        if url.scheme == "http":
            return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        if self.trust.fingerprint is not None:
            return self._pinned(url, self.trust.fingerprint)
        try:
            return ssl.create_default_context(cafile=str(self.trust.ca_file) if self.trust.ca_file else None)
        except OSError as error:
            raise PlatformFailure(f"{self.trust.ca_file}: the certificates cannot be read: {error}") from None

    def _pinned(self, url: httpx.URL, fingerprint: str) -> ssl.SSLContext:
        """Return a context in which one certificate is the only authority there is.

        The certificate is fetched once and compared with the fingerprint. Every connection is then verified by the
        TLS library against it: who answers must hold its key. The name in it does not matter, its dates do.
        """
        try:
            shown = ssl.get_server_certificate((url.host, url.port or 443), timeout=self.seconds)
        except TimeoutError:
            raise PlatformFailure(f"{self.describe()} did not answer within {self.seconds:g} s") from None
        except OSError as error:
            raise PlatformFailure(f"{self.describe()} cannot be reached: {heard(error)}") from None
        found = sha256(ssl.PEM_cert_to_DER_cert(shown)).hexdigest()
        if found != fingerprint:
            raise PlatformFailure(
                f"{self.describe()} shows another certificate than the pinned one (its SHA-256 is {found})"
            )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
        context.load_verify_locations(cadata=shown)
        return context
