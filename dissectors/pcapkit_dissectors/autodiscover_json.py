"""JSON of hostile origin, read within bounds."""

from __future__ import annotations

import json
import re
from typing import Final, NoReturn

from pcapkit_dissectors._api import DissectError
from pcapkit_dissectors._limits import DOC_BYTES, JSON_DEPTH
from pcapkit_dissectors._text import document, straight_quotes

Object = dict[str, object]

_OTHERS: Final = re.compile(r"[^\[\]{}]+")


def check_depth(text: str) -> None:
    """Count brackets outside strings.

    Raises:
        DissectError: more than ``JSON_DEPTH`` are open at a time.
    """
    bare = text.replace("\\\\", "").replace('\\"', "")
    depth = 0
    for mark in _OTHERS.sub("", "".join(bare.split('"')[::2])):
        depth += 1 if mark in "[{" else -1
        if depth > JSON_DEPTH:
            raise DissectError(f"more than {JSON_DEPTH} levels")


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no JSON")


def _load(text: str) -> object:
    check_depth(text)
    return json.loads(text, parse_constant=_refuse)


def parse_json(data: bytes, charset: str | None) -> tuple[Object, tuple[str, ...]]:
    """Parse an object, with typographic quotes made straight if it cannot be read otherwise; and what was tolerated, in words.

    Raises:
        DissectError: no JSON object, or larger or deeper than the bounds.
    """
    if len(data) > DOC_BYTES:
        raise DissectError(f"more than {DOC_BYTES} bytes")
    text, faults = document(data, charset)
    try:
        found = _load(text)
    except ValueError as error:
        straight = straight_quotes(text)
        if straight == text:
            raise DissectError(f"no JSON: {error}") from None
        try:
            found, faults = _load(straight), (*faults, "typographic quotes")
        except ValueError as again:
            raise DissectError(f"no JSON: {again}") from None
    if not isinstance(found, dict):
        raise DissectError("no JSON object")
    return found, faults


def member(node: object, name: str) -> object:
    """The member of an object by its name, compared without case; None without."""
    if not isinstance(node, dict):
        return None
    return next((value for key, value in node.items() if key.lower() == name.lower()), None)


def clean(value: str) -> str:
    """Text without halves of surrogate pairs, which JSON escapes can make and no encoding holds."""
    return value.encode("utf-8", "backslashreplace").decode("utf-8")


def words(node: object, name: str) -> str | None:
    """A member that is text or a number, as text; None without."""
    value = member(node, name)
    if isinstance(value, str):
        return clean(value.strip()) or None
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else None
