"""Specifications of environments: what a target is made of, machine-readable, by digest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import PurePosixPath
from typing import Final

from store import archive
from store.domain import events as ev
from store.domain.component import Json
from store.domain.roles import require
from store.errors import BadInput, NotFound
from store.formats import safe_toml, safe_yaml
from store.formats.archive_covering import secrets_in
from store.integrity.entry import Entry
from store.integrity.strict_json import parse
from store.services.acting import perform
from store.services.attempts import attempt
from store.services.attested import attested, holder_of
from store.services.context import Actor, Context, Source
from store.services.delivery.environments import one
from store.services.identity.people import principals

KIND: Final = "environment.specified"
_ACT: Final = "manage environments"
_LARGEST: Final = 1024 * 1024


@dataclass(frozen=True, kw_only=True, slots=True)
class Specification:
    """The specification of an environment as its newest entry names it."""

    digest: str
    name: str
    by: str
    at: str
    seq: int


@attempt("specify an environment")
def specify(context: Context, actor: Actor, environment: str, data: bytes, *, name: str) -> Entry:
    """Let `data`, a JSON, TOML or YAML document, be the specification of an environment from now on.

    Raises:
        NotFound: there is no such environment.
        BadInput: it cannot be read, is no table, or a secret stands in it.
        Refusal: the actor may not.
    """
    plain = PurePosixPath(name).name[:100]
    if not plain.isprintable():
        raise BadInput(f"{name[:60]!a} is no name of a specification")
    read(data, plain)
    kinds = secrets_in(data)
    if kinds:
        raise BadInput(f"{plain}: likely secrets stand in it ({', '.join(kinds)}): name where they are kept instead")

    def decide(source: Source) -> Sequence[ev.Event]:
        one(source, environment)
        require(principals(source), actor.handle, _ACT, environment=environment, at=context.now)
        return [ev.EnvironmentSpecified(environment=environment, specification=sha256(data).hexdigest(), name=plain)]

    return perform(context, actor, decide, blobs=[data])[0]


def specification(source: Source, environment: str) -> Specification | None:
    """Return the specification that stands, None where there is none; only what an admin signed counts."""
    entitled = holder_of(_ACT, environment=environment)
    found: Specification | None = None
    for record in attested(source, [KIND], entitled, on={"environment": environment}):
        if isinstance(record.event, ev.EnvironmentSpecified):
            found = Specification(
                digest=record.event.specification,
                name=record.event.name,
                by=record.actor,
                at=record.time,
                seq=record.seq,
            )
    return found


def content(context: Context, found: Specification) -> bytes:
    """Return the exact bytes of a specification. Raises IntegrityFailure: the archive no longer has them."""
    with context.ledger.reading() as connection:
        return archive.get(connection, found.digest)


def shown(context: Context, environment: str) -> tuple[Specification, bytes]:
    """Return the specification of an environment and its bytes. Raises NotFound."""
    one(context.ledger, environment)
    found = specification(context.ledger, environment)
    if found is None:
        raise NotFound(f"{environment} has no specification: quarterdeck environment spec set {environment} FILE")
    return found, content(context, found)


def read(data: bytes, name: str) -> Json:
    """Return what a specification says. Raises BadInput: it cannot be read or is no table."""
    if len(data) > _LARGEST:
        raise BadInput(f"{name}: {len(data)} bytes are more than the {_LARGEST} of a specification")
    ending = PurePosixPath(name).suffix.lower()
    match ending:
        case ".json":
            value: Json = parse(data).value
        case ".toml":
            value = safe_toml.read(data)
        case ".yaml" | ".yml":
            documents = safe_yaml.read(data)
            value = documents[0] if len(documents) == 1 else None
        case _:
            raise BadInput(f"{name}: a specification is a .json, .toml, .yaml or .yml file")
    if not isinstance(value, dict) or not value:
        raise BadInput(f"{name}: a specification is one table with something in it")
    return value
