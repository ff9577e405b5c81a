"""Where notices go: the channels of `quarterdeck.toml`, by Apprise. Addresses hold tokens: they stay in here."""

from __future__ import annotations

import logging
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from store.config import ChannelConfig
from store.domain import secrets
from store.errors import BadInput, PlatformFailure
from store.outbox import Message
from store.services.context import Context

_TYPES: Final = {"info": "info", "warning": "warning", "high": "warning", "critical": "failure"}
_MAX_ADDRESS: Final = 4096


def tell(context: Context, channel: str, message: Message) -> None:
    """Hand one message to one channel, once.

    Raises:
        BadInput: there is no such channel, or its address cannot be found or read.
        PlatformFailure: the channel did not take it.
    """
    import apprise

    address = _address(context, channel)
    asset = apprise.AppriseAsset(app_id="quarterdeck", app_desc="quarterdeck", app_url="", async_mode=False)
    sender = apprise.Apprise(asset=asset)
    with _heard(address) as said:
        if not sender.add(address):
            raise BadInput(f"channel {channel}: its address is none that Apprise knows{_because(said)}")
        title, body = f"quarterdeck {message.title}", message.body
        taken = sender.notify(title=title, body=body, notify_type=_TYPES[message.severity], body_format="text")
    if not taken:
        raise PlatformFailure(f"channel {channel} did not take it{_because(said)}")


def _address(context: Context, channel: str) -> str:
    found = context.config.notify.channels.get(channel)
    if found is None:
        known = ", ".join(context.config.notify.channels) or "none"
        raise BadInput(f"quarterdeck.toml has no channel {channel!r}; it has: {known}")
    return _read(context.root, channel, found)


def _read(root: Path, channel: str, where: ChannelConfig) -> str:
    if where.url is not None:
        return where.url
    if where.url_env is not None:
        address = os.environ.get(where.url_env, "").strip()
        if not address:
            raise BadInput(f"channel {channel}: the environment variable {where.url_env} is empty")
        return address
    path = root / str(where.url_file)
    try:
        with path.open("rb") as file:
            if stat.S_IMODE(os.fstat(file.fileno()).st_mode) & 0o077:
                raise BadInput(f"channel {channel}: others may read {path}; chmod 600 it")
            return file.read(_MAX_ADDRESS).decode("utf-8").strip()
    except OSError as error:
        raise BadInput(f"channel {channel}: {path} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise BadInput(f"channel {channel}: {path} is no text") from None


def _because(said: list[str]) -> str:
    return f": {said[-1]}" if said else ""


@contextmanager
def _heard(address: str) -> Iterator[list[str]]:
    """Collect what Apprise complains of, without the address it complains about."""
    said: list[str] = []

    class _Ear(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            line = record.getMessage().replace(address, "…")
            for part in address.split("://", 1)[-1].replace("?", "/").replace("&", "/").split("/"):
                if len(part) > 5:
                    line = line.replace(part, "…")
            said.append(secrets.redact(" ".join(line.split()))[:200])

    logger, ear = logging.getLogger("apprise"), _Ear(level=logging.WARNING)
    spreads, logger.propagate = logger.propagate, False
    logger.addHandler(ear)
    try:
        yield said
    finally:
        logger.removeHandler(ear)
        logger.propagate = spreads
