"""The platforms whose exports are understood, the targets that releases go to, and the way to the right one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Final, TypeAlias

from store.collector import undisturbed
from store.domain.component import Parsed
from store.domain.memo import Memo
from store.domain.secrets import Span
from store.errors import BadInput, NotFound, TooMuch
from store.platforms import command, folder
from store.platforms.appsmith import Appsmith
from store.platforms.generic import Generic
from store.platforms.grafana import Grafana
from store.platforms.home_assistant import HomeAssistant
from store.platforms.home_assistant.hidden import home_assistant_secrets
from store.platforms.logic_apps import LogicApps
from store.platforms.make import Make
from store.platforms.n8n import N8n
from store.platforms.node_red import NodeRed
from store.platforms.node_red.hidden import node_red_secrets
from store.platforms.power_automate import PowerAutomate
from store.platforms.protocol import Platform, Remembers, Snapshot, Target, TargetKind
from store.platforms.salesforce import Salesforce
from store.platforms.step_functions import StepFunctions

__all__ = [
    "PLATFORMS",
    "SECRETS",
    "TARGETS",
    "Platform",
    "Snapshot",
    "Target",
    "TargetKind",
    "known_secrets",
    "platform",
    "recognise",
    "reread",
]

PLATFORMS: Final[tuple[Platform, ...]] = (
    NodeRed(),
    N8n(),
    PowerAutomate(),
    LogicApps(),
    StepFunctions(),
    Grafana(),
    HomeAssistant(),
    Make(),
    Appsmith(),
    Salesforce(),
    Generic(),
)
"""The last one takes whatever can be read at all."""
CERTAIN: Final = 95
"""A platform this sure at a glance knows the bytes for its own: when it cannot read them, nobody else may."""


def _node_red(root: Path, settings: Mapping[str, str]) -> Target:
    from store.platforms import node_red_target  # an HTTP client is not what most commands need

    return node_red_target.connect(root, settings)


def _n8n(root: Path, settings: Mapping[str, str]) -> Target:
    from store.platforms.n8n import target

    return target.connect(root, settings)


_TLS = ("ca", "fingerprint")
_LOGIN = ("user", "password-env", "password-file", "token-env", "token-file")


TARGETS: Final[Mapping[str, TargetKind]] = {
    "folder": TargetKind(needs=("deliver",), takes=("observe",), connect=folder.connect),
    "node-red": TargetKind(needs=("url",), takes=(*_LOGIN, *_TLS), connect=_node_red, projects=1),
    "n8n": TargetKind(needs=("url",), takes=("api-key-env", "api-key-file", *_TLS), connect=_n8n, projects=1),
    "command": TargetKind(needs=("fetch", "push"), takes=("timeout", "pass-env"), connect=command.connect),
}
"""Where a release can go: the kinds of `environment add --target`."""


SecretFinder: TypeAlias = Callable[[bytes, str], Iterable[Span]]
"""(bytes, name) → where secrets stand that only somebody who knows the platform would see; positions count bytes."""
SECRETS: Final[Mapping[str, SecretFinder]] = {
    "node-red": node_red_secrets,
    "home-assistant": home_assistant_secrets,
}
"""Platforms that know of secrets which the general rules cannot; to hand in positions, add a line."""


def known_secrets(data: bytes, name: str) -> tuple[Span, ...]:
    """Return the secrets that the platforms most likely to have written `data` know of."""
    likely = (SECRETS[one.name] for one in PLATFORMS if one.name in SECRETS and one.detect(data, name) > 0)
    return tuple(span for finder in likely for span in finder(data, name))


def platform(name: str) -> Platform:
    """Return the platform of this name.

    Raises:
        NotFound: there is none; the line names those there are.
    """
    for candidate in PLATFORMS:
        if candidate.name == name:
            return candidate
    raise NotFound(f"no platform is called {name!r}; known: {', '.join(known.name for known in PLATFORMS)}")


def recognise(data: bytes, name: str, *, memo: Memo | None = None) -> Parsed:
    """Return what an export holds, as read by the platform most likely to have written it.

    `name` is the file's name inside its project (a relative POSIX path); documents of no known platform are
    identified by it. With `memo`, parts that an earlier export had too are not read again.

    Raises:
        BadInput: one line: no platform can read it, and why the last one could not.
    """
    if not data:
        raise BadInput("the file is empty")
    with undisturbed():
        return _read(data, name, memo)


def reread(data: bytes, name: str, recorded: str) -> Parsed:
    """Return what an archived export holds, as read by the platform that its entry names.

    A later version may know the bytes for another platform's: their components would then carry other ids than the
    entries say. Only what the recorded platform can read no more is guessed anew.

    Raises:
        BadInput: as `recognise`.
    """
    known = next((candidate for candidate in PLATFORMS if candidate.name == recorded), None)
    if known is None:
        return recognise(data, name)
    with undisturbed():
        try:
            return known.parse(data, name)
        except TooMuch:
            raise
        except BadInput:
            return _read(data, name, None)


def _read(data: bytes, name: str, memo: Memo | None) -> Parsed:
    sure = [(candidate.detect(data, name), candidate) for candidate in PLATFORMS]
    likely = sorted((pair for pair in sure if pair[0] > 0), key=lambda pair: -pair[0])
    problem = BadInput("not a format that is known")
    for sureness, candidate in likely:
        try:
            if memo is not None and isinstance(candidate, Remembers):
                return candidate.parse_with(data, name, memo)
            return candidate.parse(data, name)
        except TooMuch:
            raise
        except BadInput as error:
            problem = error
            if sureness >= CERTAIN:
                break
    raise problem
