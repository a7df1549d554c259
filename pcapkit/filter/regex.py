"""Regular expressions in linear time: a set of states walks over the text (Thompson, CACM 11(6), 1968), so no pattern can hang the program.

The common subset: ``.`` classes ``\\d \\w \\s`` groups ``|`` ``* + ? {m,n}`` ``^ $``. No backreferences, no look-around. Case does not matter.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Final, NoReturn

MAX_PATTERN: Final = 200
MAX_TEXT: Final = 512
MAX_STATES: Final = 2_000
MAX_REPEAT: Final = 64
MAX_CACHE: Final = 4_000

Accept = Callable[[str], bool]
CLASSES: Final[dict[str, Accept]] = {
    "d": str.isdigit,
    "w": lambda c: c.isalnum() or c == "_",
    "s": str.isspace,
    "D": lambda c: not c.isdigit(),
    "W": lambda c: not (c.isalnum() or c == "_"),
    "S": lambda c: not c.isspace(),
}
PLAIN_ESCAPES: Final = {"n": "\n", "t": "\t", "r": "\r"}


class RegexError(Exception):
    """The pattern cannot be used; the message says why."""


def compile_regex(pattern: str) -> Callable[[str], bool]:
    """A function that says whether the pattern occurs in (the first ``MAX_TEXT`` characters of) a text.

    Raises:
        RegexError: it is too long, too large, or uses what is not in the subset.
    """
    if len(pattern) > MAX_PATTERN:
        raise RegexError(f"a pattern of more than {MAX_PATTERN} characters")
    machine = _Machine()
    start, end = _Parser(pattern, machine).whole()
    machine.done = end
    return _Search(machine, start)


@dataclass(slots=True)
class _Machine:
    """States by number: free moves, moves over a character, and moves at the text's ends."""

    free: list[list[int]] = field(default_factory=list)
    over: list[tuple[Accept, int] | None] = field(default_factory=list)
    at: list[tuple[str, int] | None] = field(default_factory=list)
    done: int = -1

    def new(self) -> int:
        if len(self.free) >= MAX_STATES:
            raise RegexError("the pattern is too large; write smaller repeats")
        self.free.append([])
        self.over.append(None)
        self.at.append(None)
        return len(self.free) - 1


class _Search:
    """Walks all states at once; sets of states and their moves are remembered."""

    def __init__(self, machine: _Machine, start: int) -> None:
        self.machine = machine
        self.start = start
        self.first = self.reach([start], begin=True)
        self.moves: dict[tuple[frozenset[int], str], frozenset[int]] = {}

    def __call__(self, text: str) -> bool:
        text = text[:MAX_TEXT].lower()
        done, states = self.machine.done, self.first
        for char in text:
            if done in states:
                return True
            states = self.moves.get((states, char)) or self.step(states, char)
        return done in states or done in self.reach(states, end=True, begin=not text)

    def step(self, states: frozenset[int], char: str) -> frozenset[int]:
        over = self.machine.over
        after = [move[1] for state in states if (move := over[state]) and move[0](char)]
        found = self.reach([*after, self.start])
        if len(self.moves) < MAX_CACHE:
            self.moves[states, char] = found
        return found

    def reach(self, states: Iterable[int], begin: bool = False, end: bool = False) -> frozenset[int]:
        """All states reached without a character."""
        seen: set[int] = set()
        todo = list(states)
        while todo:
            state = todo.pop()
            if state in seen:
                continue
            seen.add(state)
            todo += self.machine.free[state]
            anchor = self.machine.at[state]
            if anchor and ((anchor[0] == "^" and begin) or (anchor[0] == "$" and end)):
                todo.append(anchor[1])
        return frozenset(seen)


class _Parser:
    """Recursive descent; each method gives the first and last state of what it read."""

    def __init__(self, pattern: str, machine: _Machine) -> None:
        self.pattern = pattern
        self.machine = machine
        self.position = 0
        self.depth = 0

    def whole(self) -> tuple[int, int]:
        found = self.choice()
        if self.position < len(self.pattern):
            self.fail("a parenthesis is closed that was not opened")
        return found

    def choice(self) -> tuple[int, int]:
        start, end = self.machine.new(), self.machine.new()
        while True:
            first, last = self.row()
            self.machine.free[start].append(first)
            self.machine.free[last].append(end)
            if not self.take("|"):
                return start, end

    def row(self) -> tuple[int, int]:
        start = last = self.machine.new()
        while self.peek() not in ("", "|", ")"):
            first, after = self.repeated()
            self.machine.free[last].append(first)
            last = after
        return start, last

    def repeated(self) -> tuple[int, int]:
        begin = self.position
        found = self.atom()
        bounds = self.bounds()
        if bounds is None:
            return found
        if self.peek() in ("*", "+") or self.bounds() not in (None, (0, 1)):
            self.fail("one quantifier after another")
        return self.copies(begin, self.position, *bounds)

    def copies(self, begin: int, end: int, least: int, most: int | None) -> tuple[int, int]:
        """What stands between ``begin`` and here, repeated: read anew for each copy."""
        start = last = self.machine.new()
        exits: list[int] = []
        for number in range(max(least, 1) if most is None else most):
            if number >= least:
                exits.append(last)
            self.position = begin
            first, after = self.atom()
            self.machine.free[last].append(first)
            if most is None and number == max(least, 1) - 1:
                self.machine.free[after].append(first)
            last = after
        for state in exits:
            self.machine.free[state].append(last)
        self.position = end
        tail = self.machine.new()
        self.machine.free[last].append(tail)
        return start, tail

    def bounds(self) -> tuple[int, int | None] | None:
        simple: dict[str, tuple[int, int | None]] = {"*": (0, None), "+": (1, None), "?": (0, 1)}
        char = self.peek()
        if char in simple:
            self.position += 1
            return simple[char]
        if char != "{":
            return None
        body, brace, _ = self.pattern[self.position + 1 :].partition("}")
        low, comma, high = body.partition(",")
        if not brace or not low.isdigit() or (high and not high.isdigit()):
            self.fail("a repeat is {2}, {2,} or {2,5}")
        most = None if comma and not high else int(high or low)
        if int(low) > MAX_REPEAT or (most or 0) > MAX_REPEAT or (most is not None and most < int(low)):
            self.fail(f"repeats go up to {MAX_REPEAT}")
        self.position += len(body) + 2
        return int(low), most

    def atom(self) -> tuple[int, int]:
        char = self.peek()
        self.position += 1
        if char == "(":
            return self.group()
        if char in "*+?{":
            self.fail("a quantifier with nothing before it")
        start, end = self.machine.new(), self.machine.new()
        if char in "^$":
            self.machine.at[start] = (char, end)
        else:
            self.machine.over[start] = (self.accept(char), end)
        return start, end

    def group(self) -> tuple[int, int]:
        self.depth += 1
        if self.depth > 20:
            self.fail("groups nested deeper than 20")
        if self.take("?") and not self.take(":"):
            self.fail("no look-around, no flags, no names")
        found = self.choice()
        if not self.take(")"):
            self.fail("a parenthesis is not closed")
        self.depth -= 1
        return found

    def accept(self, char: str) -> Accept:
        if char == ".":
            return lambda c: c != "\n"
        if char == "[":
            return self.char_class()
        if char == "\\":
            return self.escape()
        wanted = char.lower()
        return lambda c: c == wanted

    def escape(self) -> Accept:
        char = self.peek()
        self.position += 1
        if char in CLASSES and char:
            return CLASSES[char]
        if not char or (char.isalnum() and char not in PLAIN_ESCAPES):
            self.fail(f"\\{char} is not known here")
        wanted = PLAIN_ESCAPES.get(char, char)
        return lambda c: c == wanted

    def char_class(self) -> Accept:
        negated = self.take("^")
        singles: set[str] = set()
        tests: list[Accept] = []
        first = True
        while (char := self.peek()) != "]" or first:
            if not char:
                self.fail("a class [ is not closed")
            first = False
            self.position += 1
            if char == "\\":
                tests.append(self.escape())
            elif self.peek() == "-" and self.pattern[self.position + 1 : self.position + 2] not in ("", "]"):
                tests.append(_between(char.lower(), self.pattern[self.position + 1].lower()))
                self.position += 2
            else:
                singles.add(char.lower())
        self.position += 1
        return lambda c: (c in singles or any(test(c) for test in tests)) is not negated

    def peek(self) -> str:
        return self.pattern[self.position : self.position + 1]

    def take(self, char: str) -> bool:
        if self.peek() != char:
            return False
        self.position += 1
        return True

    def fail(self, reason: str) -> NoReturn:
        raise RegexError(f"pattern {self.pattern!r}: {reason}")


def _between(low: str, high: str) -> Accept:
    return lambda c: low <= c <= high
