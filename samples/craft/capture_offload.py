"""Captured on the server itself: it hands its adapter segments of any size, which the wire never saw so."""

from kit import Company, Tape


def _fetches(size: int | None) -> Tape:
    site = Company()
    phone = site.iphone()
    phone.joins()
    phone.asks_root(segment=size)
    phone.signs_in()
    return site.tape


def craft() -> Tape:
    return _fetches(4344)


def healthy() -> Tape:
    return _fetches(None)
