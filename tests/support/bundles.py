"""Reading entry bundles back, as a client of C2SP's tlog-tiles does."""


def unbundle(data: bytes) -> tuple[bytes, ...]:
    """Return the entries in a bundle, each behind its length, two bytes, big-endian."""
    entries: list[bytes] = []
    at = 0
    while at < len(data):
        length = int.from_bytes(data[at : at + 2], "big")
        entries.append(data[at + 2 : at + 2 + length])
        assert len(entries[-1]) == length, "the bundle is cut off"
        at += 2 + length
    return tuple(entries)
