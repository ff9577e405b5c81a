"""A small ssh-agent client (RFC 9987): list keys, sign. The agent keeps the keys; we never see them."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from pathlib import Path

from store.errors import BadInput
from store.integrity import sshsig
from store.integrity.sshkey import RSA, PublicKey, public_key
from store.integrity.wire import Reader, WireError, string

LIST_SECONDS = 5.0
SIGN_SECONDS = 60.0
"""A signature may wait for a finger on a FIDO key."""
MAX_REPLY = 256 * 1024

_INSTEAD = "name your key with --key PATH, or sign on your own machine: request export"
"""What can be done where the agent cannot be used."""

_LIST, _LISTED = 11, 12
_SIGN, _SIGNED = 13, 14
_RSA_SHA2_512 = 4


class NoAnswer(BadInput):
    """The agent did not answer within the time."""


class AgentSigner:
    """Signs with one key that an ssh-agent holds; blocks until the agent answers."""

    via = "agent"

    def __init__(
        self,
        agent: Path,
        public: PublicKey,
        *,
        seconds: float = SIGN_SECONDS,
        announce: Callable[[PublicKey], None] | None = None,
    ) -> None:
        """Sign with `public`; `announce` is called right before a hardware key starts to wait for a finger."""
        self._agent = agent
        self._seconds = seconds
        self._announce = announce
        self.public = public

    def sign(self, message: bytes) -> bytes:
        """Return the raw SSHSIG blob over `message`, checked: an agent may sign something else.

        Raises:
            BadInput: the agent is gone, too slow, or refused (a destination-constrained key always does).
            IntegrityFailure: what came back is no signature of this key over `message`.
        """
        flags = _RSA_SHA2_512 if self.public.type == RSA else 0
        asked = string(self.public.blob) + string(sshsig.signed_data(message)) + flags.to_bytes(4, "big")
        if self.public.hardware and self._announce is not None:
            self._announce(self.public)
        try:
            kind, reply = _ask(self._agent, bytes([_SIGN]) + asked, self._seconds)
        except NoAnswer as error:
            waited = "touched" if self.public.hardware else "confirmed"
            raise BadInput(f"{error}: {self.public.fingerprint} was not {waited} in time; nothing was signed") from None
        if kind != _SIGNED:
            raise BadInput(self._refused())
        reader = Reader(reply)
        try:
            signature = reader.string()
            reader.end()
        except WireError:
            raise BadInput("ssh-agent: an answer that cannot be read") from None
        blob = sshsig.assemble(self.public, sshsig.NAMESPACE, signature)
        sshsig.verify(blob, message, self.public)
        return blob

    def _refused(self) -> str:
        """Return why an agent may have said no: it never says itself."""
        name = self.public.fingerprint
        try:
            still_there = self.public in agent_keys(self._agent)
        except BadInput as error:
            return f"ssh-agent refused to sign with {name}, and then: {error}"
        if not still_there:
            return f"ssh-agent refused to sign with {name}: it does not hold that key any more (ssh-add -t, -d or -x)"
        if self.public.hardware:
            return f"ssh-agent refused to sign with {name}: not touched, a wrong PIN, or the device is not plugged in"
        return (
            f"ssh-agent refused to sign with {name}: the question was answered with no (ssh-add -c), or the key may"
            " only be used to log in to some hosts (ssh-add -h); sign on your own machine instead: request export"
        )


def agent_keys(agent: Path, *, seconds: float = LIST_SECONDS) -> tuple[PublicKey, ...]:
    """Return the keys that the ssh-agent listening at `agent` holds, without those that may not sign here.

    Raises:
        BadInput: there is no agent, or it does not answer in time or in the protocol.
    """
    try:
        kind, reply = _ask(agent, bytes([_LIST]), seconds)
    except NoAnswer as error:
        raise NoAnswer(
            f"{error}: it hangs; start another one, over ssh connect anew with ssh -A, or {_INSTEAD}"
        ) from None
    if kind != _LISTED:
        raise BadInput("ssh-agent: does not list its keys")
    reader = Reader(reply)
    keys: list[PublicKey] = []
    try:
        for _ in range(reader.number(4)):
            blob, comment = reader.string(), reader.string().decode(errors="replace")
            try:
                keys.append(public_key(blob, comment=comment))
            except BadInput:
                continue  # DSA, a certificate, short RSA: somebody's key for something else
        reader.end()
    except WireError:
        raise BadInput("ssh-agent: an answer that cannot be read") from None
    return tuple(keys)


def _ask(agent: Path, request: bytes, seconds: float) -> tuple[int, bytes]:
    """Return the type and the contents of the agent's answer; all of it within `seconds`."""
    deadline = time.monotonic() + seconds
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(seconds)
            connection.connect(str(agent))
            connection.sendall(string(request))
            length = int.from_bytes(_receive(connection, 4, deadline), "big")
            if not 0 < length <= MAX_REPLY:
                raise BadInput("ssh-agent: an answer of impossible length")
            reply = _receive(connection, length, deadline)
    except TimeoutError:
        raise NoAnswer(f"ssh-agent: no answer within {seconds:g} seconds") from None
    except OSError as error:
        why = f"cannot be reached at {str(agent)[:120]} ({error.strerror or error})"
        raise BadInput(
            f"ssh-agent: {why}: SSH_AUTH_SOCK is of one that is gone (a tmux that outlived its ssh?); set it anew, or"
            f" {_INSTEAD}"
        ) from None
    return reply[0], reply[1:]


def _receive(connection: socket.socket, count: int, deadline: float) -> bytes:
    data = bytearray()
    while len(data) < count:
        left = deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        connection.settimeout(left)
        part = connection.recv(count - len(data))
        if not part:
            raise BadInput("ssh-agent: hung up in the middle of an answer")
        data += part
    return bytes(data)
