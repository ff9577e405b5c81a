"""`policy`: the rules themselves, read, compared, proposed and adopted."""

from __future__ import annotations

from dataclasses import asdict

import click

from console.cli.output import complain, emit_json, note, say, table
from console.cli.session import Session, command, group
from store.domain.policy import RISKS
from store.domain.policy.compare import Changed, changes, listed, loosened
from store.domain.policy.encoding import whole
from store.domain.policy.in_force import PLACE, InForce
from store.domain.policy.presets import PRESETS
from store.domain.policy.reading import BadPolicy, preset_policy
from store.errors import BadInput
from store.services.history import history
from store.services.identity.people import principals
from store.services.policy import files, proposing, reviewing


@group(name="policy")
def policy() -> None:
    """Show and change the rules: check, show, diff, propose, adopt, review, presets, init."""


@command(policy, name="check")
def policy_check(session: Session) -> int:
    """Read policies/*.toml; list every fault with its file, line, key and what is allowed (exit 2)."""
    try:
        found, texts = files.on_disk_policy(session.root, principals(session.context.ledger))
    except BadPolicy as bad:
        if session.options.json:
            emit_json({"ok": False, "faults": [asdict(fault) for fault in bad.faults]})
        else:
            for fault in bad.faults:
                complain(str(fault))
        return bad.exit_code
    if session.options.json:
        emit_json({"ok": True, "faults": [], "policy": found.digest, "files": sorted(texts)})
    else:
        say(f"{', '.join(texts)}: no faults; the policy {found.digest[:16]}")
    return 0


@command(policy, name="show")
@click.option("--at", "when", help="As it was at a time, an entry number, or an id (CR-…, DEP-…).")
@click.option("--preset", type=click.Choice(list(PRESETS)), help="A built-in policy instead.")
@click.option("--only", "beginning", help="Only keys that begin so, e.g. approvals.high.")
def policy_show(session: Session, when: str | None, preset: str | None, beginning: str | None) -> None:
    """Show the policy in force, now or at an earlier entry, every default written out."""
    rules = _chosen(session, when, preset)
    shown = [one for one in listed(rules.policy) if one[0].startswith(beginning or "")]
    if session.options.json:
        emit_json(_heading(rules) | {"policy": whole(rules.policy)})
        return
    since = f"since {rules.since} (entry {rules.seq}, {rules.request})" if rules.seq else "built in"
    say(f"policy {rules.policy.digest[:16]}  {since if not preset else f'the preset {preset}'}")
    table(shown, head=("key", "value"))
    if when is None and preset is None:
        note(files.on_disk(session.context).words)


@command(policy, name="diff")
@click.option("--at", "when", help="From the policy at a time, an entry number or an id (default: now).")
@click.option("--preset", type=click.Choice(list(PRESETS)), help="To a built-in policy instead of the files.")
def policy_diff(session: Session, when: str | None, preset: str | None) -> int:
    """Show what the files in policies/ would change of the policy in force; exit 1 when anything."""
    old = _chosen(session, when, None).policy
    new = preset_policy(preset) if preset else files.on_disk_policy(session.root)[0]
    found, easier = changes(old, new), loosened(old, new)
    if session.options.json:
        emit_json({"old": old.digest, "new": new.digest, "changes": [asdict(one) for one in found],
                   "loosens": list(easier)})  # fmt: skip
    else:
        for one in found:
            say(_line(one))
        for words in easier:
            note(f"easier than before: {words}")
        if not found:
            note("nothing would change")
    return int(bool(found))


@command(policy, name="propose")
@click.option("--title", default="Change the policy", help="What it is, in a few words.")
@click.option("--why", required=True, help="The problem it solves.")
@click.option("--risk", type=click.Choice(RISKS), default="medium", help="Risk as you declare it.")
def policy_propose(session: Session, title: str, why: str, risk: str) -> None:
    """Ask for the policy in policies/ to come into force: a request that others approve."""
    opened = proposing.propose(session.context, session.actor(), title=title, why=why, risk=risk)[0]
    request = opened.statement.on["request"]
    proposed = proposing.proposal(session.context.ledger, request)
    if session.options.json:
        emit_json({"id": request, "policy": proposed.policy, "previous": proposed.previous,
                   "loosens": list(proposed.loosens)})  # fmt: skip
        return
    say(f"{request} asks for the policy {proposed.policy[:16]} (entry {opened.seq})")
    for words in proposed.loosens:
        note(f"easier than before: {words}")
    note(f"then: quarterdeck approve {request}, by others; quarterdeck policy adopt {request}")


@command(policy, name="adopt")
@click.argument("request_id", metavar="ID")
def policy_adopt(session: Session, request_id: str) -> None:
    """Bring an approved policy into force, from the next entry on."""
    entry = proposing.adopt(session.context, session.actor(), request_id)
    digest = str(entry.statement.data["policy"])
    if session.options.json:
        emit_json({"id": request_id, "policy": digest, "entry": entry.seq})
    else:
        say(f"the policy {digest[:16]} is in force from now on (entry {entry.seq})")


@command(policy, name="review")
@click.option("--note", "words", required=True, help="What you looked at and what you think of it.")
def policy_review(session: Session, words: str) -> None:
    """Record that you read the policy in force; its next review is counted from now."""
    digest = session.context.policy.digest
    entry = reviewing.review(session.context, session.actor(), digest, note=words)
    days = session.context.policy.review_every_days
    if session.options.json:
        emit_json({"policy": digest, "entry": entry.seq, "review_every_days": days})
        return
    say(f"the policy {digest[:16]} is reviewed (entry {entry.seq})")
    note(f"the next review is due in {days} days" if days else "policy sets no next review: review_every_days = 0")
    note(files.on_disk(session.context).words)


@command(policy, name="presets")
def policy_presets(session: Session) -> None:
    """List the built-in policies."""
    found = [{"name": name, "for": words, "policy": preset_policy(name).digest} for name, words in PRESETS.items()]
    if session.options.json:
        emit_json(found)
    else:
        table([(one["name"], one["for"]) for one in found], head=("name", "for"))


@command(policy, name="init")
@click.option("--preset", type=click.Choice(list(PRESETS)), default="default", help="What to begin with.")
def policy_init(session: Session, preset: str) -> None:
    """Write a built-in policy to policies/policy.toml, to be changed and proposed."""
    path = files.write_preset(session.root, preset)
    if session.options.json:
        emit_json({"path": str(path), "preset": preset})
    else:
        say(f"{path} holds the policy {preset}; it has no effect before it is proposed, approved and adopted")


def _chosen(session: Session, when: str | None, preset: str | None) -> InForce:
    if preset is not None:
        if when is not None:
            raise BadInput("--at and --preset are about two different policies: name one")
        return InForce(policy=preset_policy(preset))
    if when is None:
        return session.context.rules
    return session.context.policies.at(history.resolve(session.context, when).seq + 1)


def _heading(rules: InForce) -> dict[str, object]:
    return {
        "digest": rules.policy.digest,
        "entry": rules.seq,
        "since": rules.since,
        "request": rules.request,
        "editors": list(rules.editors),
        "place": PLACE,
    }


def _line(one: Changed) -> str:
    match one:
        case Changed(old=None):
            return f"+ {one.key} = {one.new}"
        case Changed(new=None):
            return f"- {one.key} = {one.old}"
        case _:
            return f"~ {one.key}: {one.old} → {one.new}"
