from __future__ import annotations

import pytest
from pcapkit_dissectors._text import document, media_type, parameter, straight_quotes, text


def test_bytes_that_are_no_utf8_stay_visible() -> None:
    assert text(b"a\xc3\xa4\xff") == "aä\\xff"


@pytest.mark.parametrize(
    ("data", "charset", "words", "faults"),
    [
        (b"abc", None, "abc", ()),
        ("ä".encode(), "utf-8", "ä", ()),
        (b"\xe4", "iso-8859-1", "ä", ()),
        (b"\xe4", None, "ä", ("bytes that are not in its charset",)),
        (b"abc", "rot13", "abc", ("unknown charset label",)),
        (b"abc", "hex_codec", "abc", ("unknown charset label",)),
        ("\ufeffä".encode("utf-16-le"), "utf-8", "ä", ()),
        (b"\xef\xbb\xbfabc", "iso-8859-1", "abc", ()),
    ],
)
def test_documents_in_their_charset(data: bytes, charset: str | None, words: str, faults: tuple[str, ...]) -> None:
    assert document(data, charset) == (words, faults)


def test_content_types_in_parts() -> None:
    value = 'Text/XML; boundary=x; CharSet = "UTF-8"'
    assert (media_type(value), parameter(value, "charset"), parameter(value, "other"), parameter(None, "charset")) == (
        "text/xml",
        "UTF-8",
        None,
        None,
    )
    assert media_type(None) == ""


def test_quotes() -> None:
    assert straight_quotes("“a” ″b″ 'c'") == '"a" "b" \'c\''
