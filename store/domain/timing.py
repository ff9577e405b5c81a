"""What time it may be: never long before what the log holds already. Whoever sets the clock back acts no more."""

from __future__ import annotations

from store.clock import SKEW, parse_timestamp
from store.errors import Refusal


def check_clock(now: str, *, latest: str, entry: int) -> None:
    """Refuse to decide by a clock that is behind what entry `entry` claims by more than clocks may differ.

    Grants, exceptions and approvals that ended would hold again, and windows that closed be open.

    Raises:
        Refusal: it is, by so much.
    """
    behind = parse_timestamp(latest) - parse_timestamp(now)
    if behind <= SKEW:
        return
    minutes = int(behind.total_seconds()) // 60
    raise Refusal(
        [f"this machine's clock says {now}, and entry {entry} is from {latest}: it was set back by {minutes} min"],
        would_unblock=[
            "set the clock right",
            f"if entry {entry} was recorded by a clock that was ahead, an admin says so: quarterdeck clock correct",
        ],
    )
