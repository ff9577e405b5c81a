"""The policy files of a workspace: what lies in `policies/`, and whether that is what was adopted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Final

from store.domain.policy.compare import Changed, changes
from store.domain.policy.presets import PRESETS, preset_text
from store.domain.policy.reading import LARGEST, BadPolicy, Fault, read_policy
from store.domain.roles import Principals
from store.errors import BadInput, StorageFailure
from store.intake.guard import read_named
from store.services.context import Context

if TYPE_CHECKING:  # the rules' own types are slow to import
    from store.domain.policy import Policy

FOLDER: Final = "policies"
_MOST_FILES: Final = 64


class Disk(StrEnum):
    """How the files on disk stand to the policy in force."""

    NONE = "none"
    """There are none, and the built-in policy is in force."""
    ADOPTED = "adopted"
    """They say what is in force."""
    DIFFERENT = "different"
    """They say something else: without effect until it is proposed, approved and adopted."""
    FAULTY = "faulty"
    """They cannot be read as a policy: without effect."""


@dataclass(frozen=True, kw_only=True, slots=True)
class OnDisk:
    """What lies in `policies/`, compared with what is in force."""

    state: Disk
    changes: tuple[Changed, ...] = ()
    faults: tuple[Fault, ...] = ()

    @property
    def words(self) -> str:
        """One line for a health view."""
        match self.state:
            case Disk.NONE:
                return "the built-in policy is in force; there are no policy files"
            case Disk.ADOPTED:
                return "the policy files are what was adopted"
            case Disk.DIFFERENT:
                return f"the policy files differ from the policy in force in {len(self.changes)} places: without effect"
            case Disk.FAULTY:
                return f"the policy files have {len(self.faults)} faults: without effect"


def on_disk(context: Context) -> OnDisk:
    """Return how the policy files stand to the policy in force. Never raises for what they hold."""
    in_force = context.rules
    try:
        texts = texts_of(context.root)
        if not texts and not in_force.seq:
            return OnDisk(state=Disk.NONE)
        found = read_policy(texts)
    except BadPolicy as bad:
        return OnDisk(state=Disk.FAULTY, faults=bad.faults)
    except BadInput as error:
        return OnDisk(state=Disk.FAULTY, faults=(Fault(file=FOLDER, line=0, key="", problem=str(error)),))
    if found.digest == in_force.policy.digest:
        return OnDisk(state=Disk.ADOPTED)
    return OnDisk(state=Disk.DIFFERENT, changes=changes(in_force.policy, found))


def texts_of(root: Path) -> Mapping[str, str]:
    """Return name → text of every `policies/*.toml`; empty where there is no such folder.

    Raises:
        BadInput: one of them is no plain file of UTF-8 text, or there are too many.
    """
    folder = root / FOLDER
    try:
        paths = sorted(path for path in folder.iterdir() if path.suffix == ".toml" and not path.name.startswith("."))
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise BadInput(f"{folder} cannot be read: {error.strerror}") from error
    if len(paths) > _MOST_FILES:
        raise BadInput(f"{folder} holds {len(paths)} policy files; {_MOST_FILES} are the most")
    return {path.name: _text(path) for path in paths}


def on_disk_policy(root: Path, people: Principals | None = None) -> tuple[Policy, Mapping[str, str]]:
    """Return the policy that the files on disk say, and their texts; owners must be among `people`, where given.

    Raises:
        BadInput: there are none, or (BadPolicy) they hold something else than they may.
    """
    texts = texts_of(root)
    if not texts:
        raise BadInput(f"{root / FOLDER} holds no policy files: quarterdeck policy init writes some to begin with")
    return read_policy(texts, handles=people.by_handle.keys() if people is not None else None), texts


def write_preset(root: Path, name: str) -> Path:
    """Write a preset's text to `policies/policy.toml`, to be changed and proposed.

    Raises:
        BadInput: there is no such preset, or policy files are there already.
        StorageFailure: the disk says no.
    """
    if name not in PRESETS:
        raise BadInput(f"there is no preset {name!a}: choose from {', '.join(PRESETS)}")
    if texts_of(root):
        raise BadInput(f"{root / FOLDER} holds policy files already: they are not written over")
    path = root / FOLDER / "policy.toml"
    text = preset_text(name)
    if name != "default":
        text = f'# The preset "{name}", written out; a line `preset = "{name}"` says the same.\n{text}'
    try:
        path.parent.mkdir(exist_ok=True)
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise StorageFailure(f"{path} cannot be written: {error.strerror}") from error
    return path


def _text(path: Path) -> str:
    try:
        return read_named(path, limit=LARGEST).decode("utf-8")
    except UnicodeDecodeError:
        raise BadInput(f"{path} is no UTF-8 text") from None
