"""What every dissector must hold, whatever the bytes: prefixes, mutations and chunkings."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Sequence

from hypothesis import strategies as st
from pcapkit_dissectors._api import Context, DissectError, Event, Stamp, StreamDissector, Truncated

SECOND = 10**9


def outcome(parse: Callable[[bytes], object], data: bytes) -> object:
    """The message, or the class of the one error that a dissector may raise."""
    try:
        return parse(data)
    except DissectError as error:
        return type(error)


def prefixes_that_are_not_truncated(parse: Callable[[bytes], object], data: bytes) -> list[int]:
    """Lengths of proper prefixes that neither raise Truncated nor anything else: each must be legal by itself."""
    return [size for size in range(len(data)) if outcome(parse, data[:size]) is not Truncated]


@st.composite
def mutated(draw: st.DrawFn, samples: Sequence[bytes]) -> bytes:
    """A sound message with up to eight bytes changed, inserted or taken away."""
    data = bytearray(draw(st.sampled_from(samples)))
    for _ in range(draw(st.integers(1, 8))):
        if not data:
            break
        at = draw(st.integers(0, len(data) - 1))
        match draw(st.sampled_from("cid")):
            case "c":
                data[at] = draw(st.integers(0, 255))
            case "i":
                data[at:at] = draw(st.binary(max_size=4))
            case _:
                del data[at]
    return bytes(data)


def segments(data: bytes, cuts: Iterable[int]) -> list[bytes]:
    """``data`` cut at these places."""
    places = sorted({0, len(data), *(cut % (len(data) + 1) for cut in cuts)})
    return [data[a:b] for a, b in itertools.pairwise(places)]


def run(dissector: StreamDissector, flow: Iterable[tuple[int, bytes | int]], *, full: bool = True, end: bool = True) -> list[Event]:
    """Feed (direction, bytes, or the size of a gap) as frames 1, 2, 3 … and give all events."""
    conversation = dissector.start(Context(full=full))
    events: list[Event] = []
    for frame, (direction, item) in enumerate(flow, 1):
        if conversation.done:
            break
        if isinstance(item, int):
            events += conversation.gap(direction, item)
        else:
            events += conversation.feed(direction, item, Stamp(frame, frame * SECOND))
    if end and not conversation.done:
        events += [*conversation.end(0), *conversation.end(1)]
    return events


def messages(events: Iterable[Event]) -> list[object]:
    """The messages alone."""
    return [event.message for event in events]
