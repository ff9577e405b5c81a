"""`quarterdeck.toml`: what people write about a workspace, read once and checked whole.

Every command and the console begin with this file, so it is read by msgspec: importing pydantic and building its
schema would take longer than the rest of opening a workspace.
"""

from __future__ import annotations

import contextlib
import os
import re
import stat
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

from msgspec import Meta, Struct, ValidationError, convert
from msgspec.structs import fields

from store.errors import BadInput, StorageFailure

FILE_NAME = "quarterdeck.toml"
_MAX_LENGTH = 512 * 1024


class _Section(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One table of the file."""


class LedgerConfig(_Section, frozen=True, kw_only=True):
    """Which ledger belongs here: a replaced database is noticed by these two lines."""

    origin: Annotated[str, Meta(pattern=r"^[^\s+]+\Z")]
    log_key: str
    """The log's public key as a note verifier key (`vkey`)."""
    second_key: str = ""
    """The log's second public key (ML-DSA-44), if it has one: a ledger that does not name it is another one."""
    network_file_system: bool = False
    """Record even where the ledger lies on a network file system: at most one machine may ever write."""


class IntakeConfig(_Section, frozen=True, kw_only=True):
    """How the watcher reads the drop folder."""

    settle_seconds: Annotated[float, Meta(ge=0, le=60)] = 0.3
    rescan_seconds: Annotated[float, Meta(ge=0.1, le=3600)] = 2.0


class LiveConfig(_Section, frozen=True, kw_only=True):
    """How often live targets are asked."""

    interval_seconds: Annotated[float, Meta(ge=0.1, le=3600)] = 1.0


class HeadsConfig(_Section, frozen=True, kw_only=True):
    """More places outside the database that remember heads."""

    paths: tuple[str, ...] = ()


class WitnessConfig(_Section, frozen=True, kw_only=True):
    """One independent witness, and the one way to reach it (none: its cosignatures count, but it is not asked)."""

    vkey: str
    """Its public key as a note verifier key, of type cosignature/v1."""
    url: Annotated[str, Meta(pattern=r"^https?://\S+\Z")] | None = None
    """Submission prefix, c2sp.org/tlog-witness."""
    command: tuple[str, ...] = ()
    """A program that takes the request on standard input, e.g. ["ssh", "host", "quarterdeck", "witness"]."""
    folder: str | None = None
    """A folder that the witness looks into (`quarterdeck witness sign FOLDER`); relative to the workspace."""
    seconds: Annotated[float, Meta(gt=0, le=600)] = 20.0
    """How long it is waited for."""

    def __post_init__(self) -> None:
        if sum(map(bool, (self.url, self.command, self.folder))) > 1:
            raise ValueError("name one of url, command, folder")


class WitnessesConfig(_Section, frozen=True, kw_only=True):
    """Who else remembers this ledger's heads, and how many of them it takes to say WITNESSED."""

    quorum: Annotated[int, Meta(ge=1)] = 1
    known: tuple[WitnessConfig, ...] = ()

    def __post_init__(self) -> None:
        if self.known and self.quorum > len(self.known):
            raise ValueError(f"a quorum of {self.quorum} cannot be reached by {len(self.known)} witnesses")


class ChannelConfig(_Section, frozen=True, kw_only=True):
    """Where one channel of notices is: an Apprise URL, in an environment variable or a file when it holds a token."""

    url: str | None = None
    url_env: Annotated[str, Meta(min_length=1)] | None = None
    url_file: Annotated[str, Meta(min_length=1)] | None = None
    """Relative to the workspace; mode 0600."""

    def __post_init__(self) -> None:
        if sum(one is not None for one in (self.url, self.url_env, self.url_file)) != 1:
            raise ValueError("name one of url, url_env, url_file")


class NotifyConfig(_Section, frozen=True, kw_only=True):
    """Who is told of what happens; which entries go to which channel is policy."""

    channels: dict[str, ChannelConfig] = {}


class Config(_Section, frozen=True, kw_only=True):
    """A workspace's configuration."""

    name: Annotated[str, Meta(min_length=1, max_length=64)]
    ledger: LedgerConfig
    intake: IntakeConfig = IntakeConfig()
    live: LiveConfig = LiveConfig()
    heads: HeadsConfig = HeadsConfig()
    witnesses: WitnessesConfig = WitnessesConfig()
    notify: NotifyConfig = NotifyConfig()


def load(root: Path) -> Config:
    """Return the configuration of the workspace at `root`.

    Raises:
        BadInput: the file is missing, is no TOML, or holds something else than it may; names what, once a section.
    """
    path = root / FILE_NAME
    try:
        plain = tomllib.loads(_text(path))
    except FileNotFoundError:
        raise BadInput(f"{root} is no workspace: {FILE_NAME} is missing (quarterdeck init makes one)") from None
    except OSError as error:
        raise BadInput(f"{path} cannot be read: {error.strerror}") from error
    except ValueError as error:  # no UTF-8, no TOML, or a number with more digits than Python reads
        raise BadInput(f"{path} cannot be read: {error}") from error
    except RecursionError:
        raise BadInput(f"{path} cannot be read: too many lists or tables inside each other") from None
    try:
        return convert(plain, Config)
    except ValidationError as error:
        faults = [*_faults(plain)] or [_words("", error)]
        raise BadInput(f"{path}: {'; '.join(faults)}") from None


def _text(path: Path) -> str:
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)  # a pipe is not waited for
    with os.fdopen(descriptor, encoding="utf-8") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise BadInput(f"{path} cannot be read: not a regular file")
        text = file.read(_MAX_LENGTH + 1)
    if len(text) > _MAX_LENGTH:
        raise BadInput(f"{path} cannot be read: longer than {_MAX_LENGTH} characters")
    return text


def _faults(plain: dict[str, Any]) -> Iterator[str]:
    """Yield what is wrong in each section by itself: the first thing of each."""
    for field in fields(Config):
        if field.name in plain:
            try:
                convert(plain[field.name], field.type)
            except ValidationError as error:
                yield _words(field.name, error)
        elif field.required:
            yield f"{field.name}: it is missing"
    yield from (f"{name}: there is no such key" for name in plain.keys() - {field.name for field in fields(Config)})


def _words(section: str, error: ValidationError) -> str:
    """Return a fault as `key.key: what is expected there`."""
    said, _, place = str(error).replace("`", "").partition(" - at ")
    key = ".".join(part for part in (section, place.removeprefix("$").strip(".")) if part)
    return f"{key}: {said}" if key else said


def with_log_key(text: str, old: str, new: str) -> str:
    """Return a configuration's text with the log's key replaced, everything else as people left it.

    Raises:
        BadInput: the old key does not stand there exactly once.
    """
    if text.count(f'"{old}"') != 1:
        raise BadInput(f"{FILE_NAME} does not name the log key {old} exactly once; write {new} there by hand")
    return text.replace(f'"{old}"', f'"{new}"')


def with_second_key(text: str, old: str, new: str) -> str:
    """Return a configuration's text with the log's second key set, replaced or (empty) gone, the rest as it was.

    Raises:
        BadInput: the old key, or the log's first, does not stand there exactly once; says what to write by hand.
    """
    line = f'second_key = "{new}"' if new else ""
    if old:
        found = re.compile(rf'^second_key\s*=\s*"{re.escape(old)}"[ \t]*(?:#.*)?\n', re.MULTILINE)
    else:
        found = re.compile(r'^(?P<before>log_key\s*=\s*"[^"\n]*"[^\n]*\n)', re.MULTILINE)
    if len(found.findall(text)) != 1:
        raise BadInput(f"{FILE_NAME} cannot be changed: write {line or 'no second_key'} under [ledger] by hand")
    put = f"{line}\n" if line else ""
    return found.sub(lambda match: put if old else match["before"] + put, text)


def save(root: Path, text: str) -> None:
    """Write the configuration whole or not at all.

    Raises:
        StorageFailure: the disk says no; the old one stands.
    """
    path = root / FILE_NAME
    temporary = path.with_suffix(".tmp")
    try:
        with temporary.open("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise StorageFailure(f"{path} cannot be written: {error.strerror}") from error


def render(config: Config) -> str:
    """Return the text of a new workspace's `quarterdeck.toml`."""
    return (
        f'name = "{config.name}"\n\n'
        "[ledger]  # which ledger belongs here; a replaced database is noticed by these two lines\n"
        f'origin = "{config.ledger.origin}"\n'
        f'log_key = "{config.ledger.log_key}"\n\n'
        "[intake]\n"
        f"settle_seconds = {config.intake.settle_seconds}\n"
        f"rescan_seconds = {config.intake.rescan_seconds}\n\n"
        "[live]\n"
        f"interval_seconds = {config.live.interval_seconds}\n\n"
        "[heads]  # more places that remember how long the ledger was: another disk, a mounted share\n"
        "paths = []\n"
        "\n# [witnesses]  # other machines that vouch for the ledger's head; there: quarterdeck witness init, trust\n"
        "# quorum = 1\n"
        "# [[witnesses.known]]\n"
        '# vkey = "..."\n'
        '# command = ["ssh", "HOST", "quarterdeck", "witness"]  # or url = "https://...", or folder = "..."\n'
        "\n# [notify.channels.oncall]  # an Apprise URL: github.com/caronc/apprise; policy says what goes where\n"
        '# url_env = "QUARTERDECK_ONCALL"  # or url_file = "keys/oncall.url" (mode 0600), or url = "json://..."\n'
    )
