"""`serve`: the console in a browser on this machine, or on one that forwards a port to it."""

from __future__ import annotations

import os
import signal
import sys

import click

from console.cli.output import emit_json, note, say
from console.cli.session import Session, command
from store.errors import BadInput


@command(name="serve")
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="The port on 127.0.0.1; 0 takes a free one.")
@click.option("--agent", is_flag=True, help="Let it sign with your ssh-agent; else only --key signs.")
@click.option("--attached", is_flag=True, hidden=True, help="Be the console that a browser is connected to.")
def serve(session: Session, *, port: int, agent: bool, attached: bool) -> None:
    """Show the console in a browser, bound to loopback, behind an address that works once.

    Without --key or --agent nothing can be changed there. From elsewhere: ssh -L PORT:127.0.0.1:PORT HOST.
    """
    if attached:
        _attach(session, may_sign=agent or session.options.key is not None)
        return
    if agent and session.options.key is not None:
        raise BadInput("--key names the key that signs: --agent is not needed")
    workspace = session.workspace
    name, root = workspace.context.config.name, workspace.root
    if session.options.key is not None or agent:
        session.actor()  # a stranger is told now, not in the browser
    from console.web.door import Door
    from console.web.server import GuardedServer, listening
    from console.web.server import serve as serve_until_stopped

    listener = listening(port)
    door = Door(port=listener.getsockname()[1])
    program = [sys.executable, "-P", "-m", "console.cli", "-w", str(root.resolve()), "serve", "--attached"]
    if session.options.key is not None:
        program += ["--key", str(session.options.key.resolve())]
    if session.options.as_name is not None:
        program += ["--as", session.options.as_name]
    if agent:
        program.append("--agent")
    session.close()
    if session.options.json:
        emit_json({"address": door.address, "port": door.port})
    else:
        say(door.address)
        note("the address works once, in one browser; ctrl+c stops serving")
        note("the console there can sign" if agent or session.options.key else "the console there is read-only")
    sys.stdout.flush()
    serve_until_stopped(GuardedServer(program, door, title=f"quarterdeck: {name}"), listener)


def _attach(session: Session, *, may_sign: bool) -> None:
    """Be the console inside the browser: textual-serve's driver speaks for the terminal."""
    if os.environ.get("TEXTUAL_DRIVER") != "textual.drivers.web_driver:WebDriver":
        raise BadInput("--attached is what quarterdeck serve starts for a browser")
    actor, why = session.actor_if_any() if may_sign else (None, "it was served read-only: quarterdeck serve --key PATH")
    workspace = session.workspace
    from console.start import run_in_browser
    from console.web.server import follow_parent

    follow_parent(lambda: os.kill(os.getpid(), signal.SIGTERM))
    sys.exit(run_in_browser(workspace, actor, why_nobody=why))
