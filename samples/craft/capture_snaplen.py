"""Packets were cut at 128 bytes: names and certificates do not fit."""

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
    views.cut(tape, 128)
    return tape
