from __future__ import annotations

import hashlib

import pytest
from pcapkit_dissectors.tls_fingerprint import ja3, ja3s, ja4

# The worked example of "JA4: TLS Client Fingerprinting", FoxIO's technical description.
CIPHERS = (0x1301, 0x1302, 0x1303, 0xC02B, 0xC02F, 0xC02C, 0xC030, 0xCCA9, 0xCCA8, 0xC013, 0xC014, 0x009C, 0x009D, 0x002F, 0x0035)
EXTENSIONS = (0x001B, 0x0000, 0x0033, 0x0010, 0x4469, 0x0017, 0x002D, 0x000D, 0x0005, 0x0023, 0x0012, 0x002B, 0xFF01, 0x000B, 0x000A, 0x0015)
SIGNATURES = (0x0403, 0x0804, 0x0401, 0x0503, 0x0805, 0x0501, 0x0806, 0x0601)


def test_ja4_of_the_published_example() -> None:
    assert ja4(0x0304, True, b"h2", CIPHERS, EXTENSIONS, SIGNATURES) == "t13d1516h2_8daaf6152771_e5627efa2ab1"


def test_ja4_without_signature_algorithms_ends_without_underscore() -> None:
    assert ja4(0x0304, True, b"h2", CIPHERS, EXTENSIONS, ()).endswith("_6d807ffa2a79")


def test_ja4_ignores_grease_everywhere() -> None:
    plain = ja4(0x0304, True, b"h2", CIPHERS, EXTENSIONS, SIGNATURES)
    assert ja4(0x0304, True, b"h2", (0x0A0A, *CIPHERS), (0x3A3A, *EXTENSIONS, 0xFAFA), (0x1A1A, *SIGNATURES)) == plain


def test_ja4_of_a_hello_that_offers_nothing() -> None:
    assert ja4(0x0301, False, None, (), (), ()) == "t10i000000_000000000000_000000000000"


def test_ja4_counts_stop_at_99() -> None:
    assert ja4(0x0303, False, None, tuple(range(1, 200)), tuple(range(100, 250)), ())[4:8] == "9999"


@pytest.mark.parametrize(
    ("version", "name"), [(0x0304, "13"), (0x0303, "12"), (0x0302, "11"), (0x0301, "10"), (0x0300, "s3"), (0x0002, "s2"), (0x7F1C, "00")]
)
def test_ja4_version(version: int, name: str) -> None:
    assert ja4(version, False, None, (1,), (), ())[1:3] == name


@pytest.mark.parametrize(
    ("protocol", "ends"),
    [
        (None, "00"), (b"", "00"), (b"h2", "h2"), (b"http/1.1", "h1"), (b"x", "xx"), (b"\xab", "ab"), (b"\xab\xcd", "ad"), (b"\x30\xab", "3b"),
        (b"\x30\x31\xab\xcd", "3d"), (b"\x30\xab\xcd\x31", "01"),
    ],
)  # fmt: skip
def test_ja4_ends_of_alpn_as_in_the_description(protocol: bytes | None, ends: str) -> None:
    assert ja4(0x0303, False, protocol, (1,), (2,), ())[8:10] == ends


def test_ja4_counts_an_extension_that_is_sent_twice() -> None:
    once, twice = ja4(0x0303, False, None, (1,), (5, 10), ()), ja4(0x0303, False, None, (1,), (5, 5, 10), ())
    assert (once[6:8], twice[6:8]) == ("02", "03")
    assert once[-12:] != twice[-12:]


def test_ja3_of_the_published_example() -> None:
    ciphers = (47, 53, 5, 10, 49161, 49162, 49171, 49172, 50, 56, 19, 4)
    assert ja3(769, ciphers, (0, 10, 11), (23, 24, 25), b"\0") == "ada70206e40642a3e4461f35503241d5"
    assert ja3(769, (4, 5, 10, 9, 100, 98, 3, 6, 19, 18, 99), (), (), b"") == "de350869b8c85de67a350c8d186f11e6"


def test_ja3_drops_grease() -> None:
    assert ja3(771, (0x0A0A, 49195), (0x1A1A, 0), (0x2A2A, 29), b"\0") == ja3(771, (49195,), (0,), (29,), b"\0")


def test_ja3s_is_version_cipher_extensions() -> None:
    assert ja3s(771, 49199, (65281, 0, 11)) == hashlib.md5(b"771,49199,65281-0-11").hexdigest()
    assert ja3s(769, 47, ()) == hashlib.md5(b"769,47,").hexdigest()
