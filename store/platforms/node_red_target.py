"""A target that is a running Node-RED, over its Admin API (version 2). One Node-RED carries one project."""

from __future__ import annotations

import os
import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import httpx
import orjson

from store.domain.component import Connector, ExportFile, Json
from store.domain.snapshot import Snapshot
from store.errors import BadInput, Conflict, PlatformFailure
from store.integrity.strict_json import parse as parse_json

FILE: Final = "flows.json"
_MOST_BYTES: Final = 64 * 1024 * 1024


@dataclass(frozen=True, kw_only=True, slots=True)
class NodeRedTarget:
    """Reads and replaces the flows of one Node-RED, always saying which revision is replaced.

    The password is read from the environment variable `password_env` at each use and kept nowhere.
    """

    url: str
    user: str | None = None
    password_env: str | None = None
    timeout: float = 10.0
    """Seconds for each step: connect, send, receive."""
    ca_file: Path | None = None
    """Certificates to trust instead of the system's, for a Node-RED with a private authority."""
    kind: str = "node-red"
    live: bool = True

    def __post_init__(self) -> None:
        try:
            url = httpx.URL(self.url)
        except (httpx.InvalidURL, TypeError):
            raise BadInput(f"{self.url[:80]!r} is no URL") from None
        if url.scheme not in {"http", "https"} or not url.host:
            raise BadInput(f"the URL of a Node-RED begins with http:// or https://, not {self.url[:80]!r}")
        if url.userinfo or url.query or url.fragment:
            raise BadInput("the URL of a Node-RED holds no user, password, query or fragment")
        if (self.user is None) != (self.password_env is None):
            raise BadInput("a Node-RED with authentication needs both a user and a password variable")

    def describe(self) -> str:
        """Return the place in words."""
        return f"Node-RED at {self.url.rstrip('/')}"

    def fetch(self, project: str) -> Snapshot:  # noqa: ARG002  one Node-RED carries one project
        """Return the flows as one file `flows.json`, with the bytes Node-RED itself writes to disk.

        Raises:
            PlatformFailure: not reachable, not authorised, or no Node-RED.
        """
        with self._client() as client:
            answer = self._object(self._ask(client, "GET", "flows"))
        flows, revision = answer.get("flows"), answer.get("rev")
        if not isinstance(flows, list) or not isinstance(revision, str):
            raise PlatformFailure(f"{self.describe()}: the answer holds no flows and revision")
        return Snapshot(files=(ExportFile(name=FILE, data=_as_on_disk(flows)),), revision=revision)

    def push(
        self,
        project: str,  # noqa: ARG002
        files: Sequence[ExportFile],
        *,
        expected: str,
        remove: Sequence[str] = (),
    ) -> str:
        """Deploy one file of flows in full and return the new revision; no file but some to remove: no flows.

        Raises:
            BadInput: more than one file, or no Node-RED flows.
            Conflict: somebody deployed since `expected`; nothing was changed.
            PlatformFailure: not reachable, not authorised, refused, or no Node-RED.
        """
        if not expected:  # Node-RED takes an empty revision for "whatever is there"
            raise BadInput("flows are only deployed over the revision they were compared with")
        body = orjson.dumps({"rev": expected, "flows": _flows(files, remove)})
        headers = {"Content-Type": "application/json", "Node-RED-Deployment-Type": "full"}
        with self._client() as client:
            response = self._ask(client, "POST", "flows", content=body, headers=headers)
            if response.status_code == httpx.codes.CONFLICT:
                raise Conflict(f"{self.describe()}: somebody else deployed since the flows were compared")
            revision = self._object(response).get("rev")
        if not isinstance(revision, str):
            raise PlatformFailure(f"{self.describe()}: the answer to the deployment holds no revision")
        return revision

    def modules(self) -> tuple[Connector, ...]:
        """Return the installed modules that bring nodes, with their versions, Node-RED's own included.

        Raises:
            PlatformFailure: not reachable, not authorised, or no Node-RED.
        """
        with self._client() as client:
            answer = self._json(self._ask(client, "GET", "nodes"))
        sets = answer if isinstance(answer, list) else []
        found = {
            (str(item["module"]), str(item["version"]) if item.get("version") else None)
            for item in sets
            if isinstance(item, dict) and item.get("module")
        }
        ordered = sorted(found, key=lambda pair: (pair[0], pair[1] or ""))
        return tuple(Connector(kind="module", name=name, version=version) for name, version in ordered)

    def _client(self) -> httpx.Client:
        """Return a client; proxies and `.netrc` of the environment are not looked at, redirects not followed."""
        try:
            context = ssl.create_default_context(cafile=str(self.ca_file)) if self.ca_file else True
        except OSError as error:
            raise PlatformFailure(f"{self.ca_file}: the certificates cannot be read: {error}") from None
        return httpx.Client(
            base_url=self.url.rstrip("/") + "/",
            timeout=self.timeout,
            trust_env=False,
            verify=context,
            headers={"Accept": "application/json", "Node-RED-API-Version": "v2"},
        )

    def _ask(self, client: httpx.Client, method: str, path: str, **more: Any) -> httpx.Response:
        """Send one request, with a token where a user is set.

        Raises:
            PlatformFailure: no answer, or one that says who asks may not.
        """
        if self.user is not None and "Authorization" not in client.headers:
            client.headers["Authorization"] = f"Bearer {self._token(client)}"
        response = self._send(client, method, path, **more)
        if response.status_code in {httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN}:
            asked = f"does not let {self.user} {'deploy' if method == 'POST' else 'read'}"
            raise PlatformFailure(f"{self.describe()} {asked if self.user else 'asks for a user and a password'}")
        return response

    def _token(self, client: httpx.Client) -> str:
        """Return a bearer token for the user (password grant).

        Raises:
            PlatformFailure: no password in the environment, or a wrong one.
        """
        password = os.environ.get(self.password_env or "")
        if not password:
            raise PlatformFailure(f"{self.describe()}: the environment variable {self.password_env} is not set")
        form = {
            "client_id": "node-red-admin",
            "grant_type": "password",
            "scope": "",  # all that the user may; "*" would be refused to one who may only read
            "username": self.user or "",
            "password": password,
        }
        response = self._send(client, "POST", "auth/token", data=form)
        if response.status_code in {400, 401, 403}:
            raise PlatformFailure(f"{self.describe()} does not know the user {self.user} with this password")
        token = self._object(response).get("access_token")
        if not isinstance(token, str) or not token.isascii() or not token.isprintable():
            raise PlatformFailure(f"{self.describe()}: the answer holds no token")
        return token

    def _send(self, client: httpx.Client, method: str, path: str, **more: Any) -> httpx.Response:
        try:
            with client.stream(method, path, **more) as response:
                body = bytearray()
                for part in response.iter_bytes():
                    body += part
                    if len(body) > _MOST_BYTES:
                        raise PlatformFailure(f"{self.describe()}: the answer is larger than {_MOST_BYTES} bytes")
                return httpx.Response(response.status_code, content=bytes(body), request=response.request)
        except httpx.TimeoutException:
            raise PlatformFailure(f"{self.describe()} did not answer within {self.timeout:g} s") from None
        except httpx.HTTPError as error:
            raise PlatformFailure(
                f"{self.describe()} cannot be reached: {str(error) or type(error).__name__}"
            ) from None

    def _json(self, response: httpx.Response) -> Json:
        if not response.is_success:
            raise PlatformFailure(f"{self.describe()} answered {response.status_code} {response.reason_phrase}".strip())
        try:
            return parse_json(response.content).value
        except BadInput as error:
            raise PlatformFailure(f"{self.describe()} answered with something else: {error}") from None

    def _object(self, response: httpx.Response) -> dict[str, Json]:
        value = self._json(response)
        if not isinstance(value, dict):
            raise PlatformFailure(f"{self.describe()} answered with something else than flows")
        return value


def _flows(files: Sequence[ExportFile], remove: Sequence[str]) -> list[Json]:
    if not files and remove:
        return []
    if len(files) != 1:
        raise BadInput(f"one Node-RED carries one file of flows, not {len(files)}")
    flows = parse_json(files[0].data).value
    if isinstance(flows, dict) and set(flows) <= {"flows", "rev"}:
        flows = flows.get("flows")
    if not isinstance(flows, list) or not all(isinstance(node, dict) for node in flows):
        raise BadInput(f"{files[0].name} holds no Node-RED flows")
    return flows


def _as_on_disk(flows: list[Json]) -> bytes:
    """Return the bytes of `flows.json` as Node-RED writes it: four spaces, keys in their order, no last newline."""
    from json import dumps

    return dumps(flows, indent=4, ensure_ascii=False).encode()


def connect(root: Path, settings: Mapping[str, str]) -> NodeRedTarget:
    """Return the target at `url`; `ca` is a path relative to the workspace or absolute.

    Raises:
        BadInput: the settings make no target.
    """
    ca = settings.get("ca")
    return NodeRedTarget(
        url=settings["url"],
        user=settings.get("user"),
        password_env=settings.get("password-env"),
        ca_file=root / ca if ca else None,
    )
