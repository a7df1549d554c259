"""Paths from a leaf to an anchor, built by names and key identifiers, each link a signature that verifies (RFC 5280, 6.1; RFC 4158).

The certificates that a server sends may be in any order, twice, too many, cross-signed or a loop. Of all paths the best is taken: one that ends at an
anchor, with what was sent alone, and valid at the time asked.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from enum import IntEnum
from functools import lru_cache
from typing import Final

from pcapkit.limits import VERIFY_CERTS
from pcapkit.trust.certificate import Cert, NameKey, looks_like_ca, read, subject_of
from pcapkit.trust.signature import Signed, signed_by
from pcapkit.trust.stores import Anchor, Store

DEPTH: Final = 12
"""Links of a path: no public or private PKI is deeper, a hostile one would be."""
LEARNED: Final = 4096
"""Issuers kept that other connections showed."""
SAME_NAME: Final = 32
"""Of these, with one name."""
RUN_OUT_NS: Final = 398 * 86_400 * 10**9
"""The longest life of a public certificate when roots began to leave in numbers."""
SOURCES: Final = ("public", "retired", "trust", "system")
"""Of a root in several stores, the first says most: public roots have rules of their own."""


class End(IntEnum):
    """Where a path ends, the best last."""

    MISSING = 0
    """The next issuer is not there."""
    LIMIT = 1
    """Too many signature checks, or an algorithm that we do not verify."""
    ROOT = 2
    """A root that signed itself and that nobody gave as an anchor."""
    RETIRED = 3
    """A root that had left the public stores by then."""
    ANCHOR = 4


@dataclass(frozen=True, slots=True)
class Path:
    """A path from the leaf up. ``complete``: every certificate but the anchor was sent. ``note``: why it did not go on, if there is more to say.

    ``by_names``: a link of it is a name and key identifiers that fit, not a signature that verifies.
    """

    certs: tuple[Cert, ...]
    end: End
    anchor: Anchor | None
    complete: bool
    valid: bool
    note: str | None = None
    by_names: bool = False

    @property
    def top(self) -> Cert:
        return self.certs[-1]

    @property
    def rank(self) -> tuple[int, bool, bool, int]:
        """Better paths are greater."""
        length = len(self.certs)
        return (self.end, self.complete, self.valid, length if self.end is End.MISSING else -length)


class Pool:
    """Where issuers are looked for besides the message itself: anchors, ``--intermediates``, and what other connections sent."""

    def __init__(self, store: Store, intermediates: Iterable[bytes] = ()) -> None:
        self._anchors: dict[NameKey, list[Anchor]] = {}
        self._by_der: dict[bytes, list[Anchor]] = {}
        self._issuers: dict[NameKey, dict[bytes, None]] = {}
        self._count = 0
        self.label = store.label
        self.marks: set[tuple[str, str]] = set()
        """Organisations (O), and domains (all DC parts), of the anchors."""
        for anchor in store.anchors:
            self._index(anchor)
        for der in intermediates:
            self.learn(der)

    def _index(self, anchor: Anchor) -> None:
        key = subject_of(anchor.der)
        if not key:
            return
        self._anchors.setdefault(key, []).append(anchor)
        self._by_der.setdefault(anchor.der, []).append(anchor)
        self.marks |= marks_of(key)

    def learn(self, der: bytes) -> bool:
        """Keep a certificate that may issue others. True if it is new. Cheap: it is read when somebody asks for an issuer of its name."""
        if self._count >= LEARNED or not looks_like_ca(der) or not (name := subject_of(der)):
            return False
        known = self._issuers.setdefault(name, {})
        if der in known or len(known) >= SAME_NAME:
            return False
        known[der] = None
        self._count += 1
        return True

    def anchors_named(self, name: NameKey) -> list[Anchor]:
        return self._anchors.get(name, [])

    def anchors_like(self, cert: Cert) -> list[Anchor]:
        """The anchors that are this very certificate."""
        return self._by_der.get(cert.der, [])

    def issuers_named(self, name: NameKey) -> Iterable[Cert]:
        """Issuers kept under this name."""
        return [read(der) for der in self._issuers.get(name, ())]


def marks_of(name: NameKey) -> set[tuple[str, str]]:
    """What tells whose CA a name is: its organisation, its directory domain."""
    if isinstance(name, bytes):
        return set()
    parts = [part for rdn in name for part in rdn]
    organisations = {("O", value) for oid, value in parts if oid == "2.5.4.10" and value}
    domain = tuple(value for oid, value in parts if oid == "0.9.2342.19200300.100.1.25")
    return organisations | ({("DC", ".".join(domain))} if domain else set())


def is_retired(anchor: Anchor, leaf: Cert, at_ns: int) -> bool:
    """The root had left the stores, and so had every certificate from before: stores let those that were issued in time run out."""
    if anchor.until_ns is None or at_ns < anchor.until_ns:
        return False
    issued = leaf.info.not_before_ns
    return issued is None or issued >= anchor.until_ns or at_ns >= anchor.until_ns + RUN_OUT_NS


@lru_cache(maxsize=8192)
def link(child: Cert, issuer: Cert) -> Signed:
    """Did ``issuer`` sign ``child``?"""
    if child.x509 is None or issuer.x509 is None:
        return Signed.UNKNOWN
    return signed_by(child.x509, child.body, issuer.x509)


def valid_at(cert: Cert, at_ns: int) -> bool:
    """Within its dates, both included."""
    start, end = cert.info.not_before_ns, cert.info.not_after_ns
    return start is not None and end is not None and start <= at_ns <= end


def build(sent: Sequence[Cert], pool: Pool, at_ns: int, renamed: bool = False) -> Path:
    """The best path from ``sent[0]``. ``renamed``: names in certificates may have been replaced, which breaks signatures: where no path of
    signatures leads on, one by names does.
    """
    path = _Search(sent, pool, at_ns).run()
    if renamed and path.end is End.MISSING:
        other = _Search(sent, pool, at_ns, by_names=True).run()
        return replace(other, by_names=True) if other.rank > path.rank else path
    return path


@dataclass(slots=True)
class _Search:
    """One depth-first search, within a budget of signature checks that does not depend on what was checked before."""

    sent: Sequence[Cert]
    pool: Pool
    at_ns: int
    budget: int = VERIFY_CERTS
    best: Path | None = None
    by_names: bool = False
    by_subject: dict[NameKey, dict[bytes, Cert]] = field(default_factory=dict)

    def run(self) -> Path:
        for cert in self.sent:
            if cert.readable:
                self.by_subject.setdefault(cert.subject, {})[cert.der] = cert
        self.extend((self.sent[0],), complete=True)
        if self.best is None:
            raise AssertionError("a path has at least its leaf")
        return self.best

    def offer(self, certs: tuple[Cert, ...], end: End, complete: bool, anchor: Anchor | None = None, note: str | None = None) -> None:
        path = Path(certs, end, anchor, complete, all(valid_at(c, self.at_ns) for c in certs), note)
        if self.best is None or path.rank > self.best.rank:
            self.best = path

    @property
    def done(self) -> bool:
        best = self.best
        return best is not None and best.end is End.ANCHOR and best.complete and best.valid

    def extend(self, path: tuple[Cert, ...], complete: bool) -> None:
        """Offer every way on from the last certificate of ``path``."""
        top = path[-1]
        if anchor := min(self.pool.anchors_like(top), key=self.preference, default=None):
            self.offer(path, self.end_at(anchor), complete, anchor)
            if self.done:
                return
        on_the_way = self.try_issuers(path, complete)
        if top.info.self_signed or (self.by_names and top.info.self_issued):
            self.offer(path, End.ROOT, complete)
        elif not on_the_way:
            self.offer(path, End.MISSING, complete, note=self.why_missing(top))

    def try_issuers(self, path: tuple[Cert, ...], complete: bool) -> bool:
        """Follow each issuer whose key signed the last certificate. True if there was one."""
        found = False
        for issuer, anchor in self.candidates(path[-1]):
            if issuer.der in {c.der for c in path} or len(path) >= DEPTH:
                continue
            if self.budget <= 0:
                self.offer(path, End.LIMIT, complete, note="too many signatures to verify")
                return True
            self.budget -= 1
            answer = link(path[-1], issuer)
            if answer is Signed.UNKNOWN:
                self.offer(path, End.LIMIT, complete, note=f"the signature of {issuer.info.subject} cannot be verified")
            if answer is not Signed.YES and not (self.by_names and answer is Signed.NO and identifiers_fit(path[-1], issuer) < 2):
                continue
            found = True
            if anchor is not None:
                self.offer((*path, issuer), self.end_at(anchor), complete, anchor)
            else:
                self.extend((*path, issuer), complete and issuer.der in self.by_subject.get(issuer.subject, {}))
            if self.done:
                break
        return found

    def candidates(self, child: Cert) -> list[tuple[Cert, Anchor | None]]:
        """Certificates whose name is the issuer's: by key identifier, anchors first, then sent, then others; the valid before the invalid."""
        found: dict[bytes, tuple[Cert, Anchor | None]] = {}
        for anchor in sorted(self.pool.anchors_named(child.issuer), key=self.preference):
            found.setdefault(anchor.der, (read(anchor.der), anchor))
        sent = self.by_subject.get(child.issuer, {})
        for cert in (*sent.values(), *self.pool.issuers_named(child.issuer)):
            if may_issue(cert):
                found.setdefault(cert.der, (cert, None))
        return sorted(found.values(), key=lambda item: self.order(child, item[0], item[1], item[0].der in sent))

    def preference(self, anchor: Anchor) -> tuple[bool, int]:
        return (is_retired(anchor, self.sent[0], self.at_ns), SOURCES.index(anchor.source))

    def end_at(self, anchor: Anchor) -> End:
        return End.RETIRED if is_retired(anchor, self.sent[0], self.at_ns) else End.ANCHOR

    def order(self, child: Cert, issuer: Cert, anchor: Anchor | None, sent: bool) -> tuple[int, bool, bool, bool, bool, int, str]:
        info = issuer.info
        late = anchor is not None and self.end_at(anchor) is End.RETIRED
        return (
            identifiers_fit(child, issuer),
            late,
            anchor is None,
            not sent,
            not valid_at(issuer, self.at_ns),
            -(info.not_after_ns or 0),
            info.sha256,
        )

    def why_missing(self, top: Cert) -> str | None:
        same_name = [*self.by_subject.get(top.issuer, {}).values(), *self.pool.issuers_named(top.issuer)]
        others = [c for c in same_name if c.der != top.der]
        if not others:
            return None
        if not any(may_issue(c) for c in others):
            return f"{others[0].info.subject} was sent, but is no CA certificate"
        return f"a certificate named {others[0].info.subject} is there, but its key did not sign"


def identifiers_fit(child: Cert, issuer: Cert) -> int:
    """0: the key identifiers are the same; 1: one of them is not there; 2: they differ."""
    mine, its = child.info.aki, issuer.info.ski
    return 1 if mine is None or its is None else 0 if mine == its else 2


def may_issue(cert: Cert) -> bool:
    """RFC 5280, 4.2.1.9: without the CA bit a certificate signs no other. Roots of version 1 have no place for the bit; unreadable ones may have it."""
    info = cert.info
    return info.is_ca is True or (info.is_ca is None and (info.self_signed or not info.extensions_read))
