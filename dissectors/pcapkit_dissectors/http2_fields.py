"""Header fields of HTTP/2 (RFC 7541), one decoder for each side of a conversation, with bounds and without the table's beginning if need be."""

from __future__ import annotations

from typing import NamedTuple

from hpack import Decoder, HPACKError
from hpack.exceptions import InvalidTableIndexError
from hpack.table import HeaderTable

from pcapkit_dissectors._limits import HTTP2_TABLE, HTTP_HEADER_BYTES, HTTP_HEADERS
from pcapkit_dissectors._text import text


class Fields(NamedTuple):
    """Fields in order. ``wrong``: what could not be read, in words. ``lacking``: some refer to what the capture does not have."""

    listed: tuple[tuple[str, str], ...]
    wrong: str | None = None
    lacking: bool = False


class _Table(HeaderTable):
    """A table of which the oldest entries may be unknown: they are told as fields without a name."""

    late = False
    missed = False

    def get_by_index(self, index: int) -> tuple[bytes, bytes]:
        try:
            return super().get_by_index(index)
        except InvalidTableIndexError:
            if not self.late or index < 1:
                raise
            self.missed = True
            return b"", b""


class FieldDecoder:
    """Decodes the header blocks of one side, in the order sent. Without the beginning of the conversation it is ``late``."""

    def __init__(self) -> None:
        self._decoder = Decoder(max_header_list_size=HTTP_HEADER_BYTES)
        self._decoder.max_allowed_table_size = HTTP2_TABLE
        self._table = _Table()
        self._decoder.header_table = self._table

    def forget(self) -> None:
        """Blocks were lost, which may have changed the table: nothing that it holds can be relied on."""
        size = self._table.maxsize
        self._table = _Table()
        self._table.maxsize = size
        self._table.late = True
        self._decoder.header_table = self._table

    def decode(self, block: bytes) -> Fields:
        """Decode a whole block."""
        self._table.missed = False
        try:
            found = self._decoder.decode(block, raw=True)
        except (HPACKError, IndexError, ValueError) as error:
            self.forget()
            return Fields((), f"header fields: {str(error)[:120]}", True)
        listed = tuple([(text(name), text(value)) for name, value in found if name])
        wrong = f"more than {HTTP_HEADERS} header lines" if len(listed) > HTTP_HEADERS else None
        return Fields(listed[:HTTP_HEADERS], wrong, self._table.missed)
