"""The phone's port and the uplink are both mirrored: every packet comes twice, 12 µs apart."""

from kit import Company, Tape, views


def healthy() -> Tape:
    site = Company()
    phone = site.iphone()
    phone.joins()
    phone.asks_root()
    phone.signs_in()
    return site.tape


def craft() -> Tape:
    tape = healthy()
    views.doubled(tape)
    return tape
