"""Which key signs for whoever runs the command: --key, else QUARTERDECK_KEY, else the ssh-agent."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from console.cli.output import note
from store.errors import BadInput, QuarterdeckError
from store.intake.guard import read_guarded
from store.integrity.signer import KeyFileSigner, Signer
from store.integrity.sshkey import PublicKey, parse_public_key
from store.services.context import Actor, Context
from store.services.identity import callers, people
from store.services.identity.callers import Announce


def named_key(option: Path | None) -> Path | None:
    """Return the key file that the options or the environment name; None when the agent is to be asked."""
    value = os.environ.get("QUARTERDECK_KEY")
    return option or (Path(value) if value else None)


def agent_socket() -> Path | None:
    """Return where the caller's ssh-agent listens (a forwarded one looks the same); None when there is none."""
    value = os.environ.get("SSH_AUTH_SOCK")
    return Path(value) if value else None


def announce_touch(key: PublicKey) -> None:
    """Say that a security key waits for its owner's finger."""
    note(f"touch your security key now: {key.fingerprint} {key.comment}")


def signer_of(option: Path | None) -> Signer:
    """Return what signs, before there is a ledger that knows whose key it is.

    Raises:
        BadInput: no key is named and no agent holds exactly one, or it cannot be read.
    """
    path = named_key(option)
    if path is not None:
        return _named(path, announce_touch)
    return callers.only_key(_agent(), announce=announce_touch)


def actor_of(
    context: Context,
    option: Path | None,
    as_name: str | None,
    *,
    act: str | None,
    announce: Announce | None = announce_touch,
) -> Actor:
    """Return who acts; `announce` is told when a security key starts to wait for its owner.

    `act` says what for, should they be turned away; None where somebody only looks.

    Raises:
        BadInput: no key is named and there is no agent; or several people's keys are in it.
        Refusal: the key is nobody's here, was revoked, or is not that of `as_name`.
    """
    path = named_key(option)
    if path is not None:
        return people.identify(context, _named(path, announce), as_name=as_name, act=act or "act")
    return callers.by_agent(context, _agent(), as_name=as_name, announce=announce, act=act)


def actor_if_any(context: Context, option: Path | None, as_name: str | None, *, act: str) -> tuple[Actor | None, str]:
    """Return who acts; or nobody, and why, where no key was named and the agent has none of this ledger's.

    Nothing is printed when a security key waits: this is also for the console, which owns the screen.

    Raises:
        BadInput, Refusal: a key or a name was given, and it will not do.
    """
    if named_key(option) is None and as_name is None:
        if agent_socket() is None:
            return None, "no key is named; start with --key PATH, or an ssh-agent, to act"
        try:
            return actor_of(context, None, None, act=None, announce=None), ""
        except QuarterdeckError as error:
            return None, str(error)
    return actor_of(context, option, as_name, act=act, announce=None), ""


def _named(path: Path, announce: Announce | None) -> Signer:
    if path.suffix == ".pub":
        line = read_guarded(path, limit=65_536).decode("utf-8", errors="replace").strip()
        return callers.one_key(_agent(), parse_public_key(line), announce=announce)
    return KeyFileSigner(path, lambda: _passphrase(path))


def _agent() -> Path:
    socket = agent_socket()
    if socket is None:
        raise BadInput(
            "this is signed by a person: name your key with --key PATH or QUARTERDECK_KEY, or use an ssh-agent"
            " (SSH_AUTH_SOCK is not set; over ssh: ssh -A)"
        )
    return socket


def _passphrase(path: Path) -> bytes:
    if not sys.stdin.isatty():
        raise BadInput(f"{path}: the key has a passphrase and there is no terminal to ask for it")
    asked: str = click.prompt(f"Passphrase for {path.name}", hide_input=True, err=True)
    return asked.encode()
