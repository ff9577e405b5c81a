"""The SSH wire encoding (RFC 4251 section 5): length-prefixed strings, integers, and nothing after the end."""

from __future__ import annotations


class WireError(ValueError):
    """The bytes are not the fields that were expected. Never leaves this package."""


def string(data: bytes) -> bytes:
    """Return `data` as an SSH string: a 32-bit length, then the bytes."""
    return len(data).to_bytes(4, "big") + data


def mpint(value: int) -> bytes:
    """Return a non-negative integer as an SSH mpint: the fewest bytes, a zero first where bit 7 would be set."""
    return string(value.to_bytes(value.bit_length() // 8 + 1, "big") if value else b"")


class Reader:
    """Takes fields off the front of `data`; every field must be wholly there."""

    __slots__ = ("_data", "_position")

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._position = 0

    def take(self, count: int) -> bytes:
        """Return the next `count` bytes.

        Raises:
            WireError: fewer are left.
        """
        end = self._position + count
        if end > len(self._data):
            raise WireError("cut short")
        taken = self._data[self._position : end]
        self._position = end
        return taken

    def number(self, count: int) -> int:
        """Return the next `count` bytes as an unsigned integer."""
        return int.from_bytes(self.take(count), "big")

    def string(self) -> bytes:
        """Return the next SSH string."""
        return self.take(self.number(4))

    def mpint(self) -> int:
        """Return the next SSH mpint; it must be positive and in its shortest form."""
        data = self.string()
        value = int.from_bytes(data, "big")
        if string(data) != mpint(value) or not value:
            raise WireError("not a positive integer in shortest form")
        return value

    def end(self) -> None:
        """Check that nothing is left.

        Raises:
            WireError: something is.
        """
        if self._position != len(self._data):
            raise WireError("bytes after the end")
