"""Gates about the bytes and names of a release: artifact-intact, schema-valid, secrets-clean, naming."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from store.domain.gates.verdict import Verdict, bad, good, some
from store.domain.policy.expressions import matching

if TYPE_CHECKING:  # the rules' own types are slow to import
    from store.domain.policy.gates import Naming


@dataclass(frozen=True, kw_only=True, slots=True)
class FileSeen:
    """One file of a release, read again from the archive."""

    name: str
    artifact: str
    platform: str
    """How it was understood when it came in."""
    damage: str = ""
    """Why its bytes cannot be had; empty when they hash to their digest."""
    reads_as: str = ""
    unreadable: str = ""
    """Why no platform understands it now."""
    secrets: tuple[str, ...] = ()
    """The kinds of secrets that stand in it, sealed or not."""
    sealed: bool = False
    """None of them stands in the open."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Files:
    """A release as the archive has it."""

    files: tuple[FileSeen, ...]
    release: str
    """The digest over the components in the manifest."""
    named: str
    """The release digest that the request names."""


def artifact_intact(seen: Files) -> Verdict:
    """Let bytes pass that hash to the digests of the release, and a manifest that makes the release's own digest."""
    damaged = [f"{file.name}: {file.damage}" for file in seen.files if file.damage]
    if damaged:
        return bad(some(damaged), "restore the archive from a backup, or drop the export again and edit the request")
    if seen.release != seen.named:
        return bad("the release manifest is not the one the request names", "edit the request with --refresh")
    return good(
        f"{len(seen.files)} files hash to their digests" if len(seen.files) != 1 else "1 file hashes to its digest"
    )


def schema_valid(seen: Files) -> Verdict:
    """Let files pass that read as the platform they were taken in as."""
    again = "drop the export again and edit the request"
    broken = [f"{file.name}: {file.damage or file.unreadable}" for file in seen.files if file.damage or file.unreadable]
    if broken:
        return bad(some(broken), again)
    other = [
        f"{file.name} was ingested as {file.platform} and now reads as {file.reads_as}"
        for file in seen.files
        if file.reads_as != file.platform
    ]
    if other:
        return bad(some(other), again)
    return good(f"every file reads as {', '.join(sorted({file.platform for file in seen.files}))}")


def secrets_clean(seen: Files) -> Verdict:
    """Let a release pass in which no likely secret stands, be it sealed here."""
    damaged = [f"{file.name}: {file.damage}" for file in seen.files if file.damage]
    if damaged:
        return bad(f"nobody can say: {some(damaged)}", "make artifact-intact pass first")
    found = [file for file in seen.files if file.secrets]
    if not found:
        return good("no secrets found")
    how = "not leaked (sealed here), but still inline" if all(file.sealed for file in found) else "in the open"
    where = some(f"{file.name}: {', '.join(file.secrets)}" for file in found)
    return bad(f"likely secrets, {how}, in {where}", "move the secret into the platform's credentials and export again")


@dataclass(frozen=True, kw_only=True, slots=True)
class Named:
    """What has a name in a request."""

    components: tuple[str, ...]
    files: tuple[str, ...]
    title: str
    rule: Naming


def naming(seen: Named) -> Verdict:
    """Let names pass that match the policy's patterns, whole."""
    wrong = [
        *_against("component", seen.components, seen.rule.components),
        *_against("file", seen.files, seen.rule.files),
        *_against("title", [seen.title], seen.rule.releases),
    ]
    if wrong:
        return bad(some(wrong), "give them names that match the pattern, export again and edit the request")
    return good(f"{len(seen.components)} components, {len(seen.files)} files and the title are named as they should be")


def _against(what: str, names: Iterable[str], pattern: str | None) -> Iterator[str]:
    if pattern is None:
        return
    matches = matching(pattern)
    for name in names:
        if not matches(name):
            yield f"{what} {name!r} does not match {pattern}"
