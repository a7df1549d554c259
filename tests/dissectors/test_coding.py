from __future__ import annotations

import gzip
import hashlib
import tracemalloc
import zlib

import brotli
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pcapkit_dissectors._coding import Body, BodyFacts
from pcapkit_dissectors._limits import BODY_BYTES, DOC_BYTES
from properties import mutated, segments

TEXT = b"<Autodiscover>" * 50


def bare_deflate(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(data) + packer.flush()


CODED = {
    "identity": TEXT,
    "gzip": gzip.compress(TEXT, mtime=0),
    "x-gzip": gzip.compress(TEXT[:100], mtime=0) + gzip.compress(TEXT[100:], mtime=0),
    "GZIP": gzip.compress(TEXT, mtime=0) + b"padding behind the end",
    "deflate": zlib.compress(TEXT),
    " deflate ": bare_deflate(TEXT),
    "br": brotli.compress(TEXT),
    "deflate, gzip": gzip.compress(zlib.compress(TEXT), mtime=0),
}


def read(data: bytes, codings: str | None, cuts: list[int] | None = None) -> BodyFacts:
    body = Body(codings, keep=True)
    for part in segments(data, cuts or []):
        body.feed(part)
    return body.facts()


@pytest.mark.parametrize("codings", CODED)
@given(cuts=st.lists(st.integers(0, 2000), max_size=5))
@settings(max_examples=20, deadline=None)
def test_codings_are_taken_off_whatever_the_segments(codings: str, cuts: list[int]) -> None:
    assert read(CODED[codings], codings, cuts) == BodyFacts(len(TEXT), hashlib.sha256(TEXT).hexdigest(), TEXT, None)


def test_no_body_has_length_zero() -> None:
    assert Body("gzip", keep=True).facts() == BodyFacts(0, None, None, None)


@pytest.mark.parametrize(("codings", "why"), [("zstd", "not decoded: zstd"), ("gzip, br, gzip", "not decoded: more than 2 codings")])
def test_what_cannot_be_decoded_is_counted_as_it_is(codings: str, why: str) -> None:
    assert read(b"12345", codings) == BodyFacts(5, hashlib.sha256(b"12345").hexdigest(), b"12345", why)


@pytest.mark.parametrize("cuts", [[], [1], [1, 2, 3]])
@pytest.mark.parametrize("codings", ["gzip", "br"])
def test_a_label_that_is_not_true_from_the_start(codings: str, cuts: list[int]) -> None:
    facts = read(b"\xff\xffplain text", codings, cuts)
    assert (facts.raw, facts.note) == (b"\xff\xffplain text", "not in the coding that its label says")


def test_damage_in_the_middle() -> None:
    noise = hashlib.shake_128(b"seed").digest(200_000)
    whole = bytearray(gzip.compress(noise, mtime=0))
    whole[150_000:150_010] = b"\xff" * 10
    body = Body("gzip", keep=True)
    body.feed(bytes(whole[:100_000]))
    body.feed(bytes(whole[100_000:]))
    facts = body.facts()
    assert facts.sha256 is None
    assert facts.raw is None
    assert facts.note is not None
    assert facts.note.startswith("damaged coding")


@pytest.mark.parametrize("codings", ["gzip", "deflate", "br", "gzip, gzip"])
def test_a_bomb_stops_early(codings: str) -> None:
    bomb = {
        "gzip": lambda: gzip.compress(bytes(50_000_000), 9),
        "deflate": lambda: zlib.compress(bytes(50_000_000), 9),
        "br": lambda: brotli.compress(bytes(50_000_000), quality=1),
        "gzip, gzip": lambda: gzip.compress(gzip.compress(bytes(50_000_000), 9)),
    }[codings]()
    tracemalloc.start()
    facts = read(bomb, codings)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert facts.sha256 is None
    assert facts.raw is None
    assert facts.note is not None
    assert facts.note.startswith("decoding stopped")
    assert peak < 4 * BODY_BYTES


def test_long_plain_bodies_are_hashed_but_not_kept() -> None:
    data = bytes(DOC_BYTES + 1)
    assert read(data, None) == BodyFacts(len(data), hashlib.sha256(data).hexdigest(), None, f"more than {DOC_BYTES} bytes")


def test_a_gap_and_a_cut_take_the_hash_away() -> None:
    body = Body(None, keep=True)
    body.feed(b"12")
    body.gap(3)
    body.feed(b"67")
    assert body.missing
    assert body.facts() == BodyFacts(4, None, None, "3 bytes were not captured")
    begun = Body(None, keep=True)
    begun.feed(b"12")
    begun.cut("the rest was not captured")
    assert begun.facts() == BodyFacts(2, None, b"12", "the rest was not captured")


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(sorted(CODED)), mutated(list(CODED.values())), st.lists(st.integers(0, 2000), max_size=3))
def test_nothing_is_raised(codings: str, data: bytes, cuts: list[int]) -> None:
    assert read(data, codings, cuts) is not None
