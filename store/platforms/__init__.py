"""The platforms whose exports are understood, the targets that releases go to, and the way to the right one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from store.collector import undisturbed
from store.domain.component import Parsed
from store.domain.memo import Memo
from store.errors import BadInput, NotFound, TooMuch
from store.integrity.utf16 import as_utf8, is_utf16, loosened
from store.platforms.protocol import Platform, Remembers, Snapshot, Target, TargetKind

if TYPE_CHECKING:
    from store.domain.items import Items
    from store.domain.secrets import Span

__all__ = [
    "GENERIC",
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

GENERIC: Final = "generic"
"""The platform of documents that are no other's."""
PLATFORMS: Final[Mapping[str, str]] = {
    "node-red": "node_red:NodeRed",
    "n8n": "n8n:N8n",
    "power-automate": "power_automate:PowerAutomate",
    "logic-apps": "logic_apps:LogicApps",
    "step-functions": "step_functions:StepFunctions",
    "grafana": "grafana:Grafana",
    "home-assistant": "home_assistant:HomeAssistant",
    "make": "make:Make",
    "appsmith": "appsmith:Appsmith",
    "salesforce": "salesforce:Salesforce",
    GENERIC: "generic:Generic",
}
"""Name → what reads its exports, as module:Class of this package, imported when it is first asked.

The last one takes whatever can be read at all.
"""
CERTAIN: Final = 95
"""A platform this sure at a glance knows the bytes for its own: when it cannot read them, nobody else may."""

_POINTER: Final = b"version https://git-lfs.github.com/spec/"


def _folder(root: Path, settings: Mapping[str, str]) -> Target:
    from store.platforms import folder

    return folder.connect(root, settings)


def _command(root: Path, settings: Mapping[str, str]) -> Target:
    from store.platforms import command

    return command.connect(root, settings)


def _node_red(root: Path, settings: Mapping[str, str]) -> Target:
    from store.platforms.node_red import target  # an HTTP client is not what most commands need

    return target.connect(root, settings)


def _n8n(root: Path, settings: Mapping[str, str]) -> Target:
    from store.platforms.n8n import target

    return target.connect(root, settings)


_TLS = ("ca", "fingerprint")
_LOGIN = ("user", "password-env", "password-file", "token-env", "token-file")


TARGETS: Final[Mapping[str, TargetKind]] = {
    "folder": TargetKind(needs=("deliver",), takes=("observe",), connect=_folder),
    "node-red": TargetKind(needs=("url",), takes=(*_LOGIN, *_TLS), connect=_node_red, projects=1),
    "n8n": TargetKind(needs=("url",), takes=("api-key-env", "api-key-file", *_TLS), connect=_n8n, projects=1),
    "command": TargetKind(needs=("fetch", "push"), takes=("timeout", "pass-env"), connect=_command),
}
"""Where a release can go: the kinds of `environment add --target`."""


SecretFinder: TypeAlias = Callable[[bytes, str, "Items | None"], Iterable["Span"]]
"""(bytes, name, items where they are known) → where secrets stand that only somebody who knows the platform would see.

Positions count bytes.
"""
SECRETS: Final[Mapping[str, str]] = {
    "node-red": "node_red.hidden:node_red_secrets",
    "home-assistant": "home_assistant.hidden:home_assistant_secrets",
    "n8n": "n8n.credentials:n8n_secrets",
}
"""Platforms that know of secrets which the general rules cannot → their `SecretFinder`; one line a platform."""


def known_secrets(data: bytes, name: str, items: Items | None = None) -> tuple[Span, ...]:
    """Return the secrets that the platforms most likely to have written `data` know of.

    Positions count bytes of UTF-8, as `cover` takes them.
    """
    data = loosened(data) if is_utf16(data) else data
    likely = (path for known, path in SECRETS.items() if known in PLATFORMS and platform(known).detect(data, name) > 0)
    return tuple(span for path in likely for span in _finder(path)(data, name, items))


def platform(name: str) -> Platform:
    """Return the platform of this name.

    Raises:
        NotFound: there is none; the line names those there are.
    """
    if name not in PLATFORMS:
        raise NotFound(f"no platform is called {name!r}; known: {', '.join(PLATFORMS)}")
    return _made(PLATFORMS[name])


def recognise(data: bytes, name: str, *, memo: Memo | None = None) -> Parsed:
    """Return what an export holds, as read by the platform most likely to have written it.

    `name` is the file's name inside its project (a relative POSIX path); documents of no known platform are
    identified by it. With `memo`, parts that an earlier export had too are not read again.

    Raises:
        BadInput: one line: no platform can read it, and why the last one could not.
    """
    data = as_utf8(data)
    if not data and not any(platform(known).detect(data, name) > 0 for known in PLATFORMS if known != GENERIC):
        raise BadInput("the file is empty")
    if data.startswith(_POINTER):
        raise BadInput("a pointer of Git LFS: the file it stands for is kept elsewhere (`git lfs pull` fetches it)")
    with undisturbed():
        return _read(data, name, memo)


def reread(data: bytes, name: str, recorded: str, *, memo: Memo | None = None) -> Parsed:
    """Return what an archived export holds, as read by the platform that its entry names.

    A later version may know the bytes for another platform's: their components would then carry other ids than the
    entries say. Only what the recorded platform can read no more is guessed anew. `memo` as `recognise` takes it.

    Raises:
        BadInput: as `recognise`.
    """
    data = as_utf8(data)
    if recorded not in PLATFORMS:
        return recognise(data, name, memo=memo)
    with undisturbed():
        try:
            return _parsed(platform(recorded), data, name, memo)
        except TooMuch:
            raise
        except BadInput:
            return _read(data, name, memo)


def _read(data: bytes, name: str, memo: Memo | None) -> Parsed:
    problem = BadInput("not a format that is known")
    for sureness, candidate in _likely(data, name):
        try:
            return _parsed(candidate, data, name, memo)
        except TooMuch:
            raise
        except BadInput as error:
            problem = error
            if sureness >= CERTAIN:
                break
    raise problem


def _likely(data: bytes, name: str) -> Iterator[tuple[int, Platform]]:
    """Yield who may have written `data`, the most likely first; what takes anything comes last, and may not come up."""
    known = [platform(one) for one in PLATFORMS if one != GENERIC]
    sure = [(candidate.detect(data, name), candidate) for candidate in known]
    yield from sorted((pair for pair in sure if pair[0] > 0), key=lambda pair: -pair[0])
    last = platform(GENERIC)
    if (sureness := last.detect(data, name)) > 0:
        yield sureness, last


def _parsed(by: Platform, data: bytes, name: str, memo: Memo | None) -> Parsed:
    if memo is not None and isinstance(by, Remembers):
        return by.parse_with(data, name, memo)
    return by.parse(data, name)


@lru_cache(maxsize=32)
def _made(path: str) -> Platform:
    made: Platform = _named(path)()
    return made


def _finder(path: str) -> SecretFinder:
    finder: SecretFinder = _named(path)
    return finder


def _named(path: str) -> Any:
    module, _, name = path.partition(":")
    return getattr(import_module(f"{__name__}.{module}"), name)
