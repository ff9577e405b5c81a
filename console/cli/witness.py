"""`witness` and `cosign`: being the second place that remembers a ledger's head, and asking such places."""

from __future__ import annotations

import os
import signal
import sys
import threading
from pathlib import Path

import click

from console.cli.output import complain, emit_json, note, say, table
from console.cli.session import Session, command, group
from store.errors import BadInput, Conflict, IntegrityFailure, NotFound, QuarterdeckError
from store.intake.guard import read_guarded
from store.integrity.witness_request import MAX_REQUEST, merge_lines, parse_request
from store.ledger.heads import HeadStore, state_folder
from store.services.audit import evidence
from store.services.witness import cosigning, witnessing
from store.services.witness.witness_reach import ANSWER_SUFFIX, REQUEST_SUFFIX, frame
from store.services.witness.witnessing import Answer, Witness

_STATE = click.option("--state", type=click.Path(path_type=Path), help="The witness's folder (or QUARTERDECK_WITNESS).")
_LOGS = click.option("--log-key", "log_keys", multiple=True, metavar="VKEY", help="Serve this log too, this once.")


def _state(named: Path | None) -> Path:
    """Return the witness's folder: as named, or under the user's state folder."""
    if named is not None or os.environ.get("QUARTERDECK_WITNESS"):
        return named or Path(os.environ["QUARTERDECK_WITNESS"])
    return state_folder() / "witness"


@group(name="witness", invoke_without_command=True)
@_STATE
@_LOGS
@click.pass_context
def witness(ctx: click.Context, state: Path | None, log_keys: tuple[str, ...]) -> int:
    """Cosign other people's ledgers; alone, answer one request on standard input (ssh HOST quarterdeck witness)."""
    if ctx.invoked_subcommand is not None:
        # said before the subcommand it is meant for it: another witness must never be taken in its place
        ctx.default_map = {ctx.invoked_subcommand: {"state": state, "log_keys": log_keys}}
        return 0
    if sys.stdin.isatty():
        raise BadInput("witness reads a request on standard input; see quarterdeck witness --help for the other ways")
    opened = witnessing.open_witness(_state(state), log_keys=log_keys)
    answer = witnessing.answer(opened, sys.stdin.buffer.read(MAX_REQUEST + 1))
    sys.stdout.buffer.write(frame(answer))
    sys.stdout.buffer.flush()
    return 0 if answer.status == 200 else 1


@command(witness, name="init")
@_STATE
@click.option("--name", required=True, help="The witness's name in the world: a schema-less URL.")
@click.option("--log-key", "log_keys", multiple=True, metavar="VKEY", help="A log to serve, for good.")
def witness_init(session: Session, state: Path | None, name: str, log_keys: tuple[str, ...]) -> None:
    """Make a new witness with a key of its own."""
    made = witnessing.create(_state(state), name=name, log_keys=log_keys)
    if session.options.json:
        emit_json({"state": str(made.state), "name": name, "vkey": made.vkey})
        return
    say(f"{made.state} is a witness now; its key and its memory are one: restore both or neither")
    say(f"vkey {made.vkey}")
    note("logs put this vkey under [witnesses] in quarterdeck.toml; quarterdeck witness trust VKEY serves a log")


@command(witness, name="trust")
@click.argument("log_key", metavar="VKEY")
@_STATE
def witness_trust(session: Session, log_key: str, state: Path | None) -> None:
    """Serve the log with this key from now on."""
    log = witnessing.trust(witnessing.open_witness(_state(state)), log_key)
    if session.options.json:
        emit_json({"origin": log.name, "vkey": log.vkey})
    else:
        say(f"{log.name} is served from now on; a witness serve that is running has to be started again")


@command(witness, name="show")
@_STATE
def witness_show(session: Session, state: Path | None) -> None:
    """Show the witness's key, the logs it serves and the heads it remembers."""
    opened = witnessing.open_witness(_state(state))
    rows = []
    for origin in dict.fromkeys(log.name for log in opened.logs):
        known = witnessing.remembered(opened, origin)
        rows.append((origin, known.checkpoint.size if known else None))
    if session.options.json:
        emit_json({"vkey": opened.vkey, "logs": [{"origin": origin, "size": size} for origin, size in rows]})
        return
    say(f"vkey {opened.vkey}")
    table(rows, head=("log", "entries"))


@command(witness, name="forget")
@click.argument("origin")
@_STATE
def witness_forget(session: Session, origin: str, state: Path | None) -> None:
    """Let a log start again after a restore: its remembered head is set aside, not deleted."""
    aside = witnessing.forget(witnessing.open_witness(_state(state)), origin)
    if session.options.json:
        emit_json({"origin": origin, "aside": str(aside)})
    else:
        say(f"the next head of {origin} is taken as its first; the old one is {aside}")


@command(witness, name="sign")
@click.argument("path", metavar="CHECKPOINT|REQUEST|FOLDER", type=click.Path(path_type=Path))
@_STATE
@_LOGS
@click.option("--out", type=click.Path(path_type=Path), help="Write the cosigned note here.")
def witness_sign(session: Session, path: Path, state: Path | None, log_keys: tuple[str, ...], out: Path | None) -> int:
    """Cosign a checkpoint or request file, or answer every request in a folder."""
    opened = witnessing.open_witness(_state(state), log_keys=log_keys)
    if path.is_dir():
        return _answer_folder(session, opened, path)
    _cosign_file(session, opened, path, out)
    return 0


@command(witness, name="serve")
@_STATE
@_LOGS
@click.option("--listen", default="127.0.0.1:8731", show_default=True, metavar="HOST:PORT")
def witness_serve(session: Session, state: Path | None, log_keys: tuple[str, ...], listen: str) -> None:
    """Serve over HTTP (C2SP tlog-witness) until stopped."""
    from store.services.witness.witness_http import WitnessServer, parse_address

    report = note if session.options.verbose else _quiet
    opened = witnessing.open_witness(_state(state), log_keys=log_keys)
    for origin in dict.fromkeys(log.name for log in opened.logs):
        witnessing.remembered(opened, origin)  # what is damaged is said before anybody asks
    with WitnessServer(opened, parse_address(listen), report, complain) as server:

        def stop(*_: object) -> None:
            threading.Thread(target=server.shutdown, daemon=True).start()

        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, stop)
        if session.options.json:
            emit_json({"url": server.url, "vkey": opened.vkey, "logs": len(opened.logs)})
        else:
            say(f"{opened.cosigner.verifier.name} listens at {server.url} for {len(opened.logs)} logs")
        sys.stdout.flush()
        server.serve_forever()


@command(name="cosign")
@click.argument("path", metavar="[CHECKPOINT]", required=False, type=click.Path(path_type=Path))
@_STATE
@_LOGS
@click.option("--out", type=click.Path(path_type=Path), help="Write the cosigned note here.")
def cosign(session: Session, path: Path | None, state: Path | None, log_keys: tuple[str, ...], out: Path | None) -> int:
    """Ask the workspace's witnesses to cosign its newest checkpoint; with a file, cosign that as a witness."""
    if path is not None:
        _cosign_file(session, witnessing.open_witness(_state(state), log_keys=log_keys), path, out)
        return 0
    context = session.context
    asked = cosigning.cosign(context)
    reached = cosigning.reached(context, asked)
    if out is not None and reached:
        evidence.write_file(out, cosigning.cosigned_note(context))
    _show_asked(session, asked, reached=reached, quorum=context.config.witnesses.quorum)
    for one in asked:
        if one.forgot:
            complain(one.forgot)
    if any(one.outcome is cosigning.Outcome.CONTRADICTS for one in asked):
        complain("a witness remembers another history: quarterdeck verify --evidence DIR writes down the proof")
        return 1
    return 0 if reached else 3


def _show_asked(session: Session, asked: tuple[cosigning.Asked, ...], *, reached: bool, quorum: int) -> None:
    if session.options.json:
        rows = [
            {"witness": a.witness, "outcome": a.outcome.value, "size": a.size, "detail": a.detail, "forgot": a.forgot}
            for a in asked
        ]
        emit_json({"reached": reached, "quorum": quorum, "witnesses": rows})
        return
    table(
        [(a.witness, a.outcome.value, a.size, a.detail) for a in asked], head=("witness", "outcome", "entries", "why")
    )
    good = sum(a.outcome is cosigning.Outcome.COSIGNED for a in asked)
    say(f"{good} of {len(asked)} witnesses cosigned the newest head; the quorum is {quorum}")


def _cosign_file(session: Session, opened: Witness, path: Path, out: Path | None) -> None:
    data = _read(path)
    is_request = data.startswith(b"old ")
    answer = witnessing.answer(opened, data) if is_request else witnessing.answer_note(opened, data)
    if answer.status != 200:
        raise _refusal(answer)
    cosigned = merge_lines(parse_request(data).checkpoint if is_request else data, answer.body)
    if out is not None:
        evidence.write_file(out, cosigned)
    if session.options.json:
        emit_json({"cosignature": answer.body.decode(), "note": cosigned.decode(), "out": str(out) if out else None})
    elif out is None:
        click.echo(cosigned.decode(), nl=False)
    else:
        say(f"{out} holds the cosigned checkpoint")


def _answer_folder(session: Session, opened: Witness, folder: Path) -> int:
    rows = []
    for path in sorted(folder.glob(f"*{REQUEST_SUFFIX}")):
        try:
            answer = witnessing.answer(opened, _read(path))
        except BadInput as error:
            answer = Answer(400, f"{error}\n".encode())
        HeadStore(path.with_suffix(ANSWER_SUFFIX)).write(frame(answer))
        rows.append((path.name, answer.status))
    if session.options.json:
        emit_json([{"request": name, "status": status} for name, status in rows])
    else:
        say(f"{len(rows)} requests answered, {sum(status == 200 for _, status in rows)} cosigned")
    return 0 if all(status == 200 for _, status in rows) else 1


def _read(path: Path) -> bytes:
    try:
        return read_guarded(path, limit=MAX_REQUEST)
    except NotFound:
        raise NotFound(f"{path}: there is no such file") from None
    except BadInput as error:
        raise BadInput(f"{path}: {error}") from error


def _refusal(answer: Answer) -> QuarterdeckError:
    said = answer.body.decode("utf-8", "replace").strip()
    match answer.status:
        case 404:
            return NotFound(f"{said}: name its key with --log-key VKEY, or quarterdeck witness trust VKEY")
        case 400:
            return BadInput(said)
        case 409:
            return Conflict(f"this witness remembers {said} entries: ask with a proof from there (quarterdeck cosign)")
        case _:
            return IntegrityFailure(said)


def _quiet(_line: str) -> None:
    return
