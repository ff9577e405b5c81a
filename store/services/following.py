"""Whether the read tables still follow from the entries, asked where a console or a command begins and goes on.

What makes it cheap is `Ledger.touched`: only after something else than quarterdeck wrote to the file is there
anything to compare.
"""

from __future__ import annotations

from typing import Final

from store.errors import BadInput, IntegrityFailure
from store.ledger.binding import TablesEdited
from store.services.context import Context

AT_ONCE: Final = 5_000
"""Up to so many entries the tables are compared on the spot, in a second or two; `verify` compares any number."""


def check(context: Context) -> None:
    """Compare the read tables where something else wrote to the file; where they differ nothing is appended any more.

    `Ledger.read_only_reason` says why from then on. Where they are the same it is noted in the file.

    Raises:
        StorageFailure: locked, unreadable.
    """
    ledger = context.ledger
    try:
        if ledger.tables_edited or ledger.touched() is None:
            return
    except BadInput as error:  # what a newer one's tables say is not for us to judge
        ledger.distrust(error)
        return
    from store import projections  # only now: opening is spared ten read models

    size = ledger.head().size
    if size > AT_ONCE:
        ledger.distrust(
            TablesEdited(
                f"something else than quarterdeck wrote to {ledger.path.name}: whether the read tables follow from the"
                " entries is not known until quarterdeck verify has compared them"
            )
        )
        return
    try:
        with ledger.snapshot() as connection:
            touched = ledger.touched(connection)
            different = projections.differences(connection, ledger.entries()) if touched is not None else ()
    except IntegrityFailure as error:  # of a damaged entry no table can be right
        ledger.distrust(error)
        return
    if different:
        ledger.distrust(
            TablesEdited(
                f"read tables do not follow from the entries ({', '.join(different)}): somebody edited them;"
                " quarterdeck verify says which, verify --rebuild makes them anew"
            )
        )
    elif touched is not None:
        ledger.bind(touched)
