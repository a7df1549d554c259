"""Only what the phone sends is mirrored: its acknowledgements run ahead over answers that the capture does not hold."""

from kit import Company, Tape, views


def healthy() -> Tape:
    site = Company()
    phone = site.iphone()
    phone.joins()
    phone.asks_root()
    phone.asks_root("webint")
    phone.signs_in()
    return site.tape


def craft() -> Tape:
    tape = healthy()
    views.only(tape, lambda frame: "IP" not in frame or not frame["IP"].src.startswith(("10.0.", "203.0.113.")))
    return tape
