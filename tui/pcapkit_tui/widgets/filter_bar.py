"""The filter's line: input, how many rows it lets through, and help while it is typed."""

from __future__ import annotations

from collections.abc import Callable

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.message import Message
from textual.widgets import Input

from pcapkit_tui.say import label, put
from pcapkit_tui.view.filtering import problem


class FilterInput(Input):
    """An input whose Tab completes and whose arrows walk the history."""

    class Asked(Message):
        """A key that the bar answers: ``tab``, ``up``, ``down`` or ``escape``."""

        def __init__(self, key: str) -> None:
            super().__init__()
            self.key = key

    async def _on_key(self, event: events.Key) -> None:
        if event.key in ("tab", "up", "down", "escape"):
            event.stop()
            event.prevent_default()
            self.post_message(self.Asked(event.key))
            return
        await super()._on_key(event)


class FilterBar(Horizontal):
    """``Filter: ____ 6 of 6``. It only knows text: who filters what is the screen's business."""

    class Applied(Message):
        """Enter: this is to be the filter."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    class Left(Message):
        """Escape: the filter stays as it was."""

    class Suggested(Message):
        """What the input may become, and what is wrong with it."""

        def __init__(self, choices: list[str], problem: str | None) -> None:
            super().__init__()
            self.choices = choices
            self.problem = problem

    def __init__(self, complete: Callable[[str], list[str]], history: Callable[[], list[str]]) -> None:
        super().__init__(id="filter")
        self._complete = complete
        self._history = history
        self._place = 0
        self._choices: list[str] = []
        self._chosen = -1
        self._typed = ""

    def compose(self) -> ComposeResult:
        yield label("Filter: ", classes="filter--word")
        yield FilterInput(id="filter-input", compact=True, select_on_focus=False)
        yield label("", classes="filter--count")

    @property
    def input(self) -> FilterInput:
        """The input."""
        return self.query_one(FilterInput)

    def on_mount(self) -> None:
        self.input.can_focus = False

    def count(self, text: str) -> None:
        """How many rows are shown."""
        put(self.query_one(".filter--count", type(label(""))), f" {text}")

    def begin(self, text: str) -> None:
        """The user wants to type."""
        self.input.can_focus = True
        self.input.value = text
        self.input.focus()
        self.input.cursor_position = len(text)
        self._place = 0

    def end(self, text: str) -> None:
        """Typing is over; ``text`` is the filter that holds."""
        self.input.value = text
        self.input.can_focus = False
        self.post_message(self.Suggested([], None))

    @on(Input.Submitted)
    def _apply(self, event: Input.Submitted) -> None:
        event.stop()
        wrong = problem(event.value)
        if wrong:
            self.post_message(self.Suggested([], wrong))
        else:
            self.post_message(self.Applied(event.value))

    @on(Input.Changed)
    def _changed(self, event: Input.Changed) -> None:
        event.stop()
        if not self.input.has_focus:
            return
        wrong = problem(event.value)
        self.input.set_class(wrong is not None, "-invalid")
        if 0 <= self._chosen < len(self._choices) and event.value == self._choices[self._chosen]:
            return
        self._typed, self._chosen = event.value, -1
        self._choices = self._complete(event.value)
        self.post_message(self.Suggested(self._choices[:6], wrong))

    @on(FilterInput.Asked)
    def _key(self, event: FilterInput.Asked) -> None:
        event.stop()
        if event.key == "escape":
            self.post_message(self.Left())
        elif event.key == "tab":
            self._next_choice()
        else:
            self._walk(1 if event.key == "up" else -1)

    def _next_choice(self) -> None:
        if not self._choices:
            self._choices = self._complete(self.input.value)
        if self._choices:
            self._chosen = (self._chosen + 1) % len(self._choices)
            self.input.value = self._choices[self._chosen]
            self.input.cursor_position = len(self.input.value)

    def _walk(self, step: int) -> None:
        """Through the history; below its latest entry is what was typed."""
        past = self._history()
        self._place = max(0, min(len(past), self._place + step))
        self.input.value = past[-self._place] if self._place else self._typed
        self.input.cursor_position = len(self.input.value)
