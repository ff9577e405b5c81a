"""An entry of the ledger in words: what it is about, what it says, and what vouches for it. Pure."""

from __future__ import annotations

import json
from base64 import b64encode
from datetime import datetime

from console.presentation.about import about
from console.presentation.spans import Line, fact, line
from console.presentation.times import ago, stamp
from console.presentation.tokens import tokens
from console.presentation.words import counted, kind
from store.clock import parse_timestamp
from store.integrity.entry import Entry
from store.services.audit.inspecting import Inclusion, Inspected, Signature, Signed

_LABEL = 11


def title(entry: Entry) -> Line:
    """Return the entry in one line: number, kind, what it is about."""
    mark = kind(entry.statement.kind)
    return line(
        (f"#{entry.seq:,}", "title"), "  ", (f"{mark.symbol} {mark.word}", mark.tone), "  ", about(entry.statement.on)
    )


def summary_lines(found: Inspected) -> list[Line]:
    """Return who, when and what about: the head of every entry shown."""
    statement = found.entry.statement
    lines = [
        _fact("time", line(stamp(parse_timestamp(statement.time)), ("  a claim; the number is the order", "muted"))),
        _fact("actor", line((statement.actor, "strong"))),
        _fact("kind", line(statement.kind, *(() if found.known_kind else (("  not known to this version", "warn"),)))),
    ]
    on = [part for key, value in statement.on.items() for part in ((f"{key} ", "muted"), f"{value}   ")]
    return [*lines, _fact("on", line(*on) if on else line(("the ledger itself", "muted")))]


def data_lines(entry: Entry) -> list[Line]:
    """Return the statement's data as indented, coloured JSON."""
    if not entry.statement.data:
        return [line(("  nothing more", "muted"))]
    text = json.dumps(dict(entry.statement.data), indent=2, ensure_ascii=False, sort_keys=True)
    # JSON's own escapes keep control characters on their line; what is left is made safe by Span.
    return [line("  ", *tokens(shown, "json")) for shown in text.split("\n")[1:-1]]


def chain_lines(found: Inspected) -> list[Line]:
    """Return the hashes and how they hold."""
    link = _good(_before(found)) if found.linked else _bad(_before(found))
    return [
        _fact("hash", line(found.entry.hash.hex())),
        _fact("", _good("recomputed from the stored bytes")),
        _fact("prev", line(found.entry.prev.hex())),
        _fact("", link),
        _fact("statement", line(found.statement_digest)),
        _fact("", line((f"SHA-256 of the {counted(found.statement_bytes, 'byte')} a person signs", "muted"))),
    ]


def signature_line(signature: Signature, actor: str) -> Line:
    """Return the judgement on a signature in one line."""
    match signature.state:
        case Signed.GOOD:
            return _good(f"signed by {actor}, with a key that counted at this entry")
        case Signed.BAD:
            return _bad(signature.reason)
        case Signed.OBSERVED:
            return line(("· nobody's act: quarterdeck noted what it saw", "muted"))


def signature_lines(found: Inspected) -> list[Line]:
    """Return who signed with which key, and whether it counted."""
    signature = found.signature
    lines = [_fact("signature", signature_line(signature, found.entry.statement.actor))]
    if signature.fingerprint:
        lines.append(_fact("key", line(signature.fingerprint, (f"  {signature.key_type}", "muted"))))
        lines.append(_fact("counts", _period(signature, found.entry.statement.actor)))
    return lines


def _period(signature: Signature, actor: str) -> Line:
    if signature.since is None:
        return line((f"this key was never one of {actor}'s", "danger"))
    if signature.until is None:
        return line((f"from entry {signature.since:,} on", "muted"))
    return line((f"from entry {signature.since:,} to entry {signature.until - 1:,}, revoked there", "muted"))


def inclusion_line(found: Inclusion, seq: int) -> Line:
    """Return whether the newest checkpoint holds the entry, in one line."""
    if not found.holds:
        return _bad(found.reason)
    return _good(f"entry {seq:,} of the {found.size:,} that {found.origin} signed")


def inclusion_lines(found: Inspected) -> list[Line]:
    """Return the inclusion proof and what it leads to."""
    lines = [_fact("proof", inclusion_line(found.inclusion, found.entry.seq))]
    if found.inclusion.holds:
        steps = counted(found.inclusion.hashes, "hash", "hashes")
        lines.append(_fact("", line((f"{steps} lead from it to the root", "muted"))))
        lines.append(_fact("root", line(b64encode(found.inclusion.root).decode())))
    return lines


def outside_lines(found: Inspected) -> list[Line]:
    """Return the commands that check the entry with other people's tools."""
    seq, actor = found.entry.seq, found.entry.statement.actor
    commands = [f"quarterdeck prove {seq} --out {seq}.tlog-proof"]
    if found.entry.signature is not None:
        commands += [
            f"quarterdeck export statement {seq} --out {seq}",
            f"quarterdeck verify-proof {seq}.tlog-proof {seq}/entry.json",
            "quarterdeck export signers --out signers",
            f"ssh-keygen -Y verify -f signers -I {actor} -n quarterdeck@v1"
            f" -s {seq}/statement.json.sig < {seq}/statement.json",
        ]
    return [line(("  $ ", "muted"), (command, "string")) for command in commands]


def entry_lines(found: Inspected) -> list[Line]:
    """Return everything there is to say about an entry, from top to bottom."""
    blank = line("")
    return [
        *summary_lines(found),
        blank,
        line(("What it says", "title")),
        *data_lines(found.entry),
        blank,
        line(("What vouches for it", "title")),
        *signature_lines(found),
        *inclusion_lines(found),
        *chain_lines(found),
        blank,
        line(("Check it without this console", "title")),
        *outside_lines(found),
    ]


def brief_lines(found: Inspected, now: datetime) -> list[Line]:
    """Return the same for a preview: the judgements first, for where there is little room."""
    statement = found.entry.statement
    instant = parse_timestamp(statement.time)
    when = line((stamp(instant), "text"), (f"  {ago(instant, now)}  by ", "muted"), (statement.actor, "strong"))
    lines = [title(found.entry), when, signature_line(found.signature, statement.actor)]
    return [
        *lines,
        inclusion_line(found.inclusion, found.entry.seq),
        _good(f"bytes give the hash, prev {_before(found)}") if found.linked else _bad(f"prev {_before(found)}"),
        line(""),
        line(("What it says", "title")),
        *(line((f"  {key:<12} ", "muted"), value) for key, value in statement.on.items()),
        *data_lines(found.entry),
        line(""),
        line(("Hashes", "title")),
        *_halves("hash", found.entry.hash.hex()),
        *_halves("prev", found.entry.prev.hex()),
        *([line(("  key   ", "muted"), found.signature.fingerprint)] if found.signature.fingerprint else []),
        line(""),
        line(("Check it without this console", "title")),
        *outside_lines(found),
    ]


def _halves(label: str, digest: str) -> list[Line]:
    """Return a long digest on two lines: broken where a reader expects it, not where the window ends."""
    half = len(digest) // 2
    return [line((f"  {label:<6}", "muted"), digest[:half]), line(" " * 8, digest[half:])]


def _before(found: Inspected) -> str:
    if found.entry.seq == 1:
        return "is where every ledger begins" if found.linked else "is not where every ledger begins"
    return f"is {'' if found.linked else 'not '}the hash of #{found.entry.seq - 1:,}"


def sound(found: Inspected) -> bool:
    """Return whether nothing is wrong with the entry."""
    return found.linked and found.signature.state is not Signed.BAD and found.inclusion.holds


def _fact(label: str, words: Line) -> Line:
    return fact(label, *words, room=_LABEL)


def _good(words: str) -> Line:
    return line(("✓ ", "ok"), (words, "ok"))


def _bad(words: str) -> Line:
    return line(("✗ ", "danger"), (words, "danger"))
