"""The answer sends phones to webext, which the inside zone does not hold (an inside zone of the same name hides the public record)."""

from kit import Company, Tape


def craft() -> Tape:
    site = Company(keys=True)
    phone = site.iphone()
    site.zone["webext.contoso.com"] = None
    phone.joins()
    phone.asks_root()
    phone.asks_user("webint")
    phone.resolves("webext")
    return site.tape


def healthy() -> Tape:
    site = Company(keys=True)
    phone = site.iphone()
    phone.joins()
    phone.asks_root()
    phone.asks_user("webint")
    phone.signs_in()
    return site.tape
