"""`quarterdeck.toml`: what people write about a workspace, read once and checked whole."""

from __future__ import annotations

import contextlib
import os
import re
import tomllib
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from store.errors import BadInput, StorageFailure

FILE_NAME = "quarterdeck.toml"


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class LedgerConfig(_Section):
    """Which ledger belongs here: a replaced database is noticed by these two lines."""

    origin: str = Field(pattern=r"^[^\s+]+$")
    log_key: str
    """The log's public key as a note verifier key (`vkey`)."""
    second_key: str = ""
    """The log's second public key (ML-DSA-44), if it has one: a ledger that does not name it is another one."""
    network_file_system: bool = False
    """Record even where the ledger lies on a network file system: at most one machine may ever write."""


class IntakeConfig(_Section):
    """How the watcher reads the drop folder."""

    settle_seconds: float = Field(default=0.3, ge=0, le=60)
    rescan_seconds: float = Field(default=2.0, ge=0.1, le=3600)


class LiveConfig(_Section):
    """How often live targets are asked."""

    interval_seconds: float = Field(default=1.0, ge=0.1, le=3600)


class HeadsConfig(_Section):
    """More places outside the database that remember heads."""

    paths: tuple[str, ...] = ()


class WitnessConfig(_Section):
    """One independent witness, and the one way to reach it (none: its cosignatures count, but it is not asked)."""

    vkey: str
    """Its public key as a note verifier key, of type cosignature/v1."""
    url: str | None = Field(default=None, pattern=r"^https?://[^\s]+$")
    """Submission prefix, c2sp.org/tlog-witness."""
    command: tuple[str, ...] = ()
    """A program that takes the request on standard input, e.g. ["ssh", "host", "quarterdeck", "witness"]."""
    folder: str | None = None
    """A folder that the witness looks into (`quarterdeck witness sign FOLDER`); relative to the workspace."""
    seconds: float = Field(default=20.0, gt=0, le=600)
    """How long it is waited for."""

    @model_validator(mode="after")
    def _one_way(self) -> WitnessConfig:
        if sum(map(bool, (self.url, self.command, self.folder))) > 1:
            raise ValueError("name one of url, command, folder")
        return self


class WitnessesConfig(_Section):
    """Who else remembers this ledger's heads, and how many of them it takes to say WITNESSED."""

    quorum: int = Field(default=1, ge=1)
    known: tuple[WitnessConfig, ...] = ()

    @model_validator(mode="after")
    def _reachable(self) -> WitnessesConfig:
        if self.known and self.quorum > len(self.known):
            raise ValueError(f"a quorum of {self.quorum} cannot be reached by {len(self.known)} witnesses")
        return self


class ChannelConfig(_Section):
    """Where one channel of notices is: an Apprise URL, in an environment variable or a file when it holds a token."""

    url: str | None = None
    url_env: str | None = Field(default=None, min_length=1)
    url_file: str | None = Field(default=None, min_length=1)
    """Relative to the workspace; mode 0600."""

    @model_validator(mode="after")
    def _one_place(self) -> ChannelConfig:
        if sum(one is not None for one in (self.url, self.url_env, self.url_file)) != 1:
            raise ValueError("name one of url, url_env, url_file")
        return self


class NotifyConfig(_Section):
    """Who is told of what happens; which entries go to which channel is policy."""

    channels: dict[str, ChannelConfig] = {}


class Config(_Section):
    """A workspace's configuration."""

    name: str = Field(min_length=1, max_length=64)
    ledger: LedgerConfig
    intake: IntakeConfig = IntakeConfig()
    live: LiveConfig = LiveConfig()
    heads: HeadsConfig = HeadsConfig()
    witnesses: WitnessesConfig = WitnessesConfig()
    notify: NotifyConfig = NotifyConfig()


def load(root: Path) -> Config:
    """Return the configuration of the workspace at `root`.

    Raises:
        BadInput: the file is missing, is no TOML, or holds something else than it may; every fault is named.
    """
    path = root / FILE_NAME
    try:
        plain = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise BadInput(f"{root} is no workspace: {FILE_NAME} is missing (quarterdeck init makes one)") from None
    except OSError as error:
        raise BadInput(f"{path} cannot be read: {error.strerror}") from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise BadInput(f"{path} cannot be read: {error}") from error
    try:
        return Config.model_validate(plain)
    except ValidationError as error:
        faults = "; ".join(
            f"{'.'.join(str(part) for part in fault['loc'])}: {fault['msg']}" for fault in error.errors()
        )
        raise BadInput(f"{path}: {faults}") from None


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
