"""Text to predicate: a tokenizer and a recursive descent of bounded depth."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Final, NamedTuple, NoReturn

from pcapkit import times
from pcapkit.filter.fields import FIELDS, Row, ValueProblem, test_for

MAX_CHARS: Final = 1_000
MAX_DEPTH: Final = 32
MAX_TERMS: Final = 100

Match = Callable[[Row], bool]

TOKEN: Final = re.compile(
    r"""\s*(?:
        (?P<paren>[()])
      | (?P<field>[A-Za-z_]{1,20})(?P<op>>=|<=|==|[:~=<>])(?P<value>"(?:[^"\\]|\\.)*"|[^\s()"]*)
      | (?P<word>"(?:[^"\\]|\\.)*"|[^\s()"]+)
    )""",
    re.VERBOSE,
)


class FilterError(Exception):
    """The expression cannot be read. ``position`` counts characters from 0."""

    def __init__(self, message: str, position: int = 0) -> None:
        super().__init__(message)
        self.position = position


class _Token(NamedTuple):
    kind: str
    text: str
    op: str
    value: str
    position: int


@dataclass(frozen=True, slots=True)
class Filter:
    """A predicate over rows, with the text that it was made from."""

    text: str
    match: Match

    def __call__(self, row: Row) -> bool:
        return self.match(row)


def compile_filter(text: str, start_ns: int | None = None, utc: bool = False) -> Filter:
    """Read an expression. Times of day and ``+5m`` count from ``start_ns``, on this machine's clock or in UTC. No text matches everything.

    Raises:
        FilterError: it cannot be read; the message says why, and names the closest fields.
    """
    if len(text) > MAX_CHARS:
        raise FilterError(f"longer than {MAX_CHARS} characters", MAX_CHARS)
    if text.lstrip().startswith("="):
        raise FilterError("a Wireshark display filter (=…) works in pcapkit tui only")
    reader = _Reader(_tokens(text), lambda when: times.parse(when, utc, start_ns))
    return Filter(text, reader.whole())


def _tokens(text: str) -> list[_Token]:
    tokens: list[_Token] = []
    position = 0
    end = len(text.rstrip())
    while position < end:
        match = TOKEN.match(text, position)
        if not match:
            raise FilterError('a quotation mark is missing its twin ("…")', position)
        start = match.start(match.lastgroup or 0)
        if match["field"]:
            tokens.append(_Token("term", match["field"].lower(), match["op"], _unquoted(match["value"]), match.start("field")))
        elif match["paren"]:
            tokens.append(_Token(match["paren"], match["paren"], "", "", start))
        else:
            word = match["word"]
            kind = word.lower() if word.lower() in ("and", "or", "not") else "word"
            tokens.append(_Token(kind, _unquoted(word), "", "", start))
        position = match.end()
    if len(tokens) > MAX_TERMS:
        raise FilterError(f"more than {MAX_TERMS} terms", tokens[MAX_TERMS].position)
    return tokens


def _unquoted(text: str) -> str:
    r"""Without quotation marks; inside them ``\"`` is one, and any other backslash stays (regular expressions need theirs)."""
    return text[1:-1].replace('\\"', '"') if len(text) > 1 and text[0] == text[-1] == '"' else text


class _Reader:
    """Reads tokens: ``or`` binds less than ``and`` (or a blank), that less than ``not``."""

    def __init__(self, tokens: list[_Token], moment: Callable[[str], int]) -> None:
        self.tokens = tokens
        self.moment = moment
        self.position = 0
        self.depth = 0

    def whole(self) -> Match:
        if not self.tokens:
            return lambda row: True
        found = self.any_of()
        if self.position < len(self.tokens):
            self.fail("a closing parenthesis without an opening one")
        return found

    def any_of(self) -> Match:
        parts = [self.all_of()]
        while self.take("or"):
            parts.append(self.all_of())
        return parts[0] if len(parts) == 1 else lambda row: any(part(row) for part in parts)

    def all_of(self) -> Match:
        parts = [self.one()]
        while self.take("and") or (self.kind() not in ("or", ")", "")):
            parts.append(self.one())
        return parts[0] if len(parts) == 1 else lambda row: all(part(row) for part in parts)

    def one(self) -> Match:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            self.fail(f"nested deeper than {MAX_DEPTH}")
        try:
            if self.take("not"):
                inner = self.one()
                return lambda row: not inner(row)
            if self.take("("):
                found = self.any_of()
                if not self.take(")"):
                    self.fail("a parenthesis is not closed")
                return found
            return self.term()
        finally:
            self.depth -= 1

    def term(self) -> Match:
        kind = self.kind()
        if kind not in ("term", "word"):
            self.fail(f"a term is missing before {self.tokens[self.position].text}" if kind else "a term is missing at the end")
        token = self.tokens[self.position]
        self.position += 1
        return _containing(token.text) if kind == "word" else self.asked(token)

    def asked(self, token: _Token) -> Match:
        name = token.text
        if name not in FIELDS:
            near = get_close_matches(name, FIELDS, 3, 0.5)
            said = f"did you mean {' or '.join(near)}?" if near else f"there are {', '.join(FIELDS)}"
            raise FilterError(f"no field named {name}; {said} (a word with a colon in quotation marks is a text)", token.position)
        if not token.value:
            raise FilterError(f"{name}{token.op} needs a value, such as {FIELDS[name].example}", token.position)
        try:
            test = test_for(name, token.op, token.value, self.moment)
        except (ValueProblem, times.TimeError) as error:
            raise FilterError(str(error), token.position) from None
        return lambda row: any(map(test, row.get(name, ())))

    def kind(self) -> str:
        return self.tokens[self.position].kind if self.position < len(self.tokens) else ""

    def take(self, kind: str) -> bool:
        if self.kind() != kind:
            return False
        self.position += 1
        return True

    def fail(self, message: str) -> NoReturn:
        place = self.tokens[self.position].position if self.position < len(self.tokens) else 0
        raise FilterError(message, place)


def _containing(word: str) -> Match:
    """Any text of the row contains the word."""
    wanted = word.lower()
    return lambda row: any(isinstance(value, str) and wanted in value.lower() for values in row.values() for value in values)
