"""The entry point: the table of commands, each imported when it is used, and how bad news ends."""

from __future__ import annotations

import atexit
import errno
import os
import sys
from collections.abc import Iterable, Mapping
from typing import Final

import click

from console.cli.groups import LazyGroup
from console.cli.output import complain
from console.cli.session import GlobalOptions, Session, add_global_options
from store.collector import start_undisturbed
from store.errors import QuarterdeckError, Refusal

_NAMED_WRONG: Final = frozenset(
    {errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.EEXIST, errno.ENAMETOOLONG, errno.ELOOP}
)
"""What the operating system says when a path was typed wrong, as against when it fails."""
COMMANDS: Final[Mapping[str, str]] = {
    "init": "setup",
    "demo": "setup",
    "serve": "serve",
    "watch": "intake",
    "ingest": "intake",
    "import-git": "importing",
    "artifact": "intake",
    "shred": "intake",
    "request": "request",
    "template": "template",
    "playbook": "playbook",
    "approve": "request_acts",
    "refuse": "request_acts",
    "approval": "approval",
    "promote": "request_acts",
    "testdata": "testdata",
    "gate": "gate",
    "exception": "exception",
    "deploy": "deploy",
    "rollback": "deploy",
    "quarantine": "deploy",
    "drift": "drift",
    "state": "state",
    "diff": "diff",
    "lineage": "lineage",
    "explain": "explain",
    "log": "log",
    "triage": "triage",
    "anomalies": "anomaly",
    "anomaly": "anomaly",
    "verify": "verify",
    "checkpoint": "evidence",
    "prove": "evidence",
    "verify-proof": "evidence",
    "export": "exporting",
    "witness": "witness",
    "cosign": "witness",
    "compare": "copies",
    "backup": "copies",
    "restore": "copies",
    "principal": "people",
    "role": "people",
    "key": "people",
    "log-key": "log_key",
    "clock": "clock",
    "policy": "policy",
    "environment": "environment",
    "freeze": "environment",
    "notify": "notify",
    "break-glass": "glass",
    "incident": "incident",
    "annotate": "incident",
    "finding": "finding",
    "health": "health",
    "connectors": "connectors",
    "keys": "keys",
    "open": "opening",
    "undo": "undo",
}
"""Command → the module of `console.cli` that holds it."""
_NAMES: Final[Mapping[str, str]] = {"open": "open_"}
"""Commands whose function cannot be called as they are: the name is Python's own."""


@click.group(
    cls=LazyGroup,
    homes={name: f"{module}:{_NAMES.get(name, name.replace('-', '_'))}" for name, module in COMMANDS.items()},
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.version_option(package_name="quarterdeck", prog_name="quarterdeck")
@click.option("--no-mouse", is_flag=True, help="Leave the mouse to the terminal (console only).")
@click.option("--read-only", is_flag=True, help="Open the console without any act that changes something.")
@click.option("--tour", is_flag=True, help="Show the tour again (console only).")
@click.pass_context
def cli(ctx: click.Context, *, no_mouse: bool, read_only: bool, tour: bool) -> None:
    """Make no-code deployments secure and auditable, from request to production.

    Without a command the console opens.
    """
    if ctx.invoked_subcommand is None:
        from console.cli.open_console import open_console

        open_console(ctx.ensure_object(Session), mouse=not no_mouse, read_only=read_only, tour=tour)


add_global_options(cli)


def main(arguments: list[str] | None = None) -> None:
    """Run the command line and exit with its status: never a traceback for a user's mistake."""
    start_undisturbed()
    session, status = Session(options=GlobalOptions()), list[int]()
    if arguments is None:  # the process is this command's own
        atexit.register(_leave, status, session)  # before all others, and so called after them
    status.append(run(arguments, session))
    sys.exit(status[0])


def _leave(status: list[int], _kept: Session) -> None:
    """End the process, once Python has waited for threads and called what else is to be called at the end.

    What would come then is taking apart each object and module for itself: a tenth of a second of a large diff.
    """
    if not status:  # it did not come to an end: Python is to say so
        return
    try:
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
    except (AttributeError, OSError, ValueError):  # closed, or nobody reads on: Python's own end says so
        return
    os._exit(status[0])


def run(arguments: list[str] | None = None, session: Session | None = None) -> int:
    """Run the command line and return its exit status; `session` is one that nothing was asked of yet."""
    session = session or Session(options=GlobalOptions())
    try:
        result = cli.main(args=arguments, prog_name="quarterdeck", standalone_mode=False, obj=session)
        session.warn()
        status = session.status
    except click.exceptions.Exit as stop:
        return stop.exit_code
    except click.Abort:
        complain("stopped; nothing more was changed")
        return 130
    except click.ClickException as error:
        where = f" ({error.ctx.command_path} --help)" if isinstance(error, click.UsageError) and error.ctx else ""
        complain(f"{error.format_message()}{where}")
        return 2
    except Refusal as refusal:
        _complain_of(f"refused: {reason}" for reason in refusal.reasons)
        _complain_of(f"  would unblock: {hint}" for hint in dict.fromkeys(refusal.would_unblock))
        _recorded(refusal)
        return refusal.exit_code
    except QuarterdeckError as error:
        _complain_of(error.lines)
        if error.exit_code == Refusal.exit_code:  # wrong input is answered in one line
            _recorded(error)
        return error.exit_code
    except BrokenPipeError:
        sys.stderr.close()
        return 0
    except OSError as error:
        complain(f"{str(error.filename or 'the operating system')[:300]}: {error.strerror or error}")
        return 2 if error.errno in _NAMED_WRONG else 3
    except OverflowError:
        complain("a number or time in what was asked is larger than anything can be here")
        return 2
    finally:
        session.close()
    return (result if isinstance(result, int) else 0) or status


def _complain_of(lines: Iterable[str]) -> None:
    for one in lines:
        complain(one)


def _recorded(error: QuarterdeckError) -> None:
    """Say where the refused attempt stands in the ledger, or why it does not."""
    if error.entry is not None:
        complain(f"  recorded: entry {error.entry}")
    for note in getattr(error, "__notes__", ()):
        complain(f"  {note}")
