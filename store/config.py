"""`quarterdeck.toml`: what people write about a workspace, read once and checked whole."""

from __future__ import annotations

import tomllib
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from store.errors import BadInput

FILE_NAME = "quarterdeck.toml"


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class LedgerConfig(_Section):
    """Which ledger belongs here: a replaced database is noticed by these two lines."""

    origin: str = Field(pattern=r"^[^\s+]+$")
    log_key: str
    """The log's public key as a note verifier key (`vkey`)."""


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


class Config(_Section):
    """A workspace's configuration."""

    name: str = Field(min_length=1, max_length=64)
    ledger: LedgerConfig
    intake: IntakeConfig = IntakeConfig()
    live: LiveConfig = LiveConfig()
    heads: HeadsConfig = HeadsConfig()


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
    )
