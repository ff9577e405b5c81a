"""`keys`: every key of the console with its id, as it is for the person who asks."""

from __future__ import annotations

import click

from console.cli.output import emit_json, note, table
from console.cli.session import Session, command
from store.errors import NotFound


@command(name="keys")
@click.argument("words", nargs=-1)
def keys(session: Session, words: tuple[str, ...]) -> None:
    """List the console's keys: id, key, meaning. WORDS keep those that hold every one of them.

    Your own: $XDG_CONFIG_HOME/quarterdeck/keys.toml, one line a key: act.approve = "f5"
    """
    from console.key_table import key_table
    from console.personal.files import KEYS_FILE, read_keymap
    from console.personal.folders import config_folder
    from console.screen.keys import checked_keymap

    rows = key_table()
    own = checked_keymap(read_keymap(config_folder()), {row.id: row.keys for row in rows})
    wanted = [word.casefold() for word in words]
    listed = [
        {"id": row.id, "keys": own.get(row.id, row.keys), "meaning": row.meaning, "own": row.id in own}
        for row in rows
        if all(word in f"{row.id} {own.get(row.id, row.keys)} {row.meaning}".casefold() for word in wanted)
    ]
    if not listed:
        raise NotFound(f"no key of the console is called or means {' '.join(words)}")
    if session.options.json:
        emit_json(listed)
        return
    table(
        ((one["id"], one["keys"], one["meaning"], "yours" if one["own"] else "") for one in listed),
        head=("id", "keys", "meaning", ""),
    )
    note(f"your own keys stand in {config_folder() / KEYS_FILE}")
