"""The one widget that shows lines: a virtual view over any number of them, with a cursor that stays on its line's key."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar, Final, Protocol

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from pcapkit_tui.say import harmless
from pcapkit_tui.view.lines import STYLES, Line, Lines

CURSOR: Final = Style(reverse=True)
CACHED: Final = 1_000


class Source(Protocol):
    """Lines to show. ``fixed``: none can have the cursor; ``place`` of a key; ``stop``: the next line from an index on that can have the cursor."""

    @property
    def fixed(self) -> bool: ...
    def __len__(self) -> int: ...
    def __getitem__(self, index: int, /) -> Line: ...
    def place(self, key: str) -> int | None: ...
    def stop(self, index: int, step: int) -> int | None: ...


Maker = Callable[[int], Source]
"""From a width in cells to the lines."""

NOTHING: Final = Lines(())


class LineView(ScrollView):
    """Shows what a maker gives for the width that there is. ``gutter``: a cell at the left for the cursor."""

    can_focus = True
    COMPONENT_CLASSES: ClassVar[set[str]] = {f"line--{name}" for name in STYLES}

    class Moved(Message):
        """The cursor stands on another line."""

        def __init__(self, view: LineView, key: str | None) -> None:
            super().__init__()
            self.view = view
            self.key = key

        @property
        def control(self) -> LineView:
            return self.view

    class Picked(Message):
        """The line under the cursor was clicked."""

        def __init__(self, view: LineView) -> None:
            super().__init__()
            self.view = view

        @property
        def control(self) -> LineView:
            return self.view

    def __init__(self, *, id: str | None = None, focusable: bool = True, gutter: bool = True, classes: str | None = None) -> None:  # noqa: A002  # Textual calls it so
        super().__init__(id=id, classes=classes)
        self.can_focus = focusable
        self.gutter_width = 1 if gutter else 0
        self.source: Source = NOTHING
        self._maker: Maker | None = None
        self._key: str | None = None
        self._index = 0
        self._told: str | None = None
        self._strips: dict[tuple[int, bool], Strip] = {}
        self._styles: dict[str, Style] = {}

    # ------------------------------------------------------------ content

    def show(self, maker: Maker, key: str | None = None) -> None:
        """Show other lines, the cursor on ``key`` if that is given, else where it was."""
        self._maker = maker
        if key is not None:
            self._key = key
        self.rebuild()

    def rebuild(self) -> None:
        """Make the lines anew; the cursor stays on its key, else near where it was."""
        if self._maker is None or not self.room:
            return
        self.source = self._maker(self.room)
        self._strips.clear()
        self.virtual_size = Size(self.size.width, len(self.source))
        place = self.source.place(self._key) if self._key is not None else None
        if place is None:
            near = min(self._index, len(self.source) - 1)
            place = self.source.stop(near, -1)
            if place is None:
                place = self.source.stop(max(0, near), 1)
        self._set(place or 0)
        self.call_after_refresh(self._follow)
        self.refresh()

    @property
    def room(self) -> int:
        """Cells of a line."""
        return max(0, self.scrollable_content_region.width - self.gutter_width)

    @property
    def key(self) -> str | None:
        """What the cursor stands on."""
        return self._key_at(self._index)

    @property
    def index(self) -> int:
        """Number of the cursor's line."""
        return self._index

    def _key_at(self, index: int | None) -> str | None:
        if index is None or self.source.fixed or not 0 <= index < len(self.source):
            return None
        return self.source[index].key or None

    def go(self, key: str, *, top: bool = False) -> bool:
        """Put the cursor on a line by its key (and the line at the top); whether it is there."""
        place = self.source.place(key)
        if place is not None:
            if top:
                self.scroll_to(y=place, animate=False, immediate=True)
            self._set(place)
        elif not len(self.source):
            self._key = key
        return place is not None

    def go_index(self, index: int) -> None:
        """Put the cursor on a line by its number."""
        self._set(max(0, min(index, len(self.source) - 1)))

    def _set(self, index: int) -> None:
        old, self._index = self._index, index
        key = self._key_at(index)
        self._key = key if key is not None else self._key
        if old != index:
            self._refresh_line(old)
            self._refresh_line(index)
        self._follow()
        if key != self._told:
            self._told = key
            self.post_message(self.Moved(self, key))

    def _follow(self) -> None:
        """Scroll so that the cursor is seen."""
        if self.source.fixed or not self.size.height:
            return
        top, height = round(self.scroll_offset.y), self.scrollable_content_region.height
        if self._index < top:
            target = self._index
        elif self._index >= top + height:
            target = self._index - height + 1
        else:
            return
        self.scroll_to(y=target, animate=False, immediate=True)

    def _refresh_line(self, index: int) -> None:
        y = index - round(self.scroll_offset.y)
        if 0 <= y < self.size.height:
            self.refresh(Region(0, y, self.size.width, 1))

    # ------------------------------------------------------------ moving

    def move(self, lines: int) -> None:
        """The cursor (or the page, where no line can have it) goes so many lines down."""
        if self.source.fixed:
            self.scroll_to(y=self.scroll_offset.y + lines, animate=False, immediate=True)
            return
        step = 1 if lines > 0 else -1
        last = len(self.source) - 1
        place = self.source.stop(max(0, min(self._index + lines, last)), step)
        if place is None or place == self._index:
            place = self.source.stop(max(0, min(self._index + lines, last)), -step)
        if place is None or place == self._index:
            self.scroll_to(y=self.scroll_offset.y + step, animate=False, immediate=True)
        else:
            self._set(place)

    def move_page(self, pages: int) -> None:
        """A page up or down."""
        self.move(pages * max(1, self.scrollable_content_region.height - 1))

    def move_end(self, last: bool) -> None:
        """To the first or last line."""
        if self.source.fixed:
            self.scroll_to(y=len(self.source) if last else 0, animate=False, immediate=True)
            return
        place = self.source.stop(len(self.source) - 1, -1) if last else self.source.stop(0, 1)
        if place is not None:
            self._set(place)
            if not last:
                self.scroll_to(y=0, animate=False, immediate=True)

    # ------------------------------------------------------------ events

    def on_resize(self, event: events.Resize) -> None:
        self.rebuild()
        self._follow()

    def on_focus(self) -> None:
        self._strips.clear()
        self.refresh()

    def on_blur(self) -> None:
        self._strips.clear()
        self.refresh()

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._styles.clear()
        self._strips.clear()

    def on_click(self, event: events.Click) -> None:
        index = event.y + round(self.scroll_offset.y)
        if self.source.fixed or not 0 <= index < len(self.source) or not self.source[index].key:
            return
        if index == self._index:
            self.post_message(self.Picked(self))
        else:
            self._set(index)

    # ------------------------------------------------------------ drawing

    def render_line(self, y: int) -> Strip:
        index = y + round(self.scroll_offset.y)
        width = self.scrollable_content_region.width
        if not 0 <= index < len(self.source):
            return Strip.blank(width, self.rich_style)
        here = index == self._index and not self.source.fixed and self.can_focus
        strip = self._strips.get((index, here))
        if strip is None:
            if len(self._strips) > CACHED:
                self._strips.clear()
            strip = self._strips[index, here] = self._strip(self.source[index], here, width)
        return strip

    def _strip(self, line: Line, here: bool, width: int) -> Strip:
        plain = self._style("") + (CURSOR if here and self.has_focus else Style(bold=True) if here else Style.null())
        segments = [Segment(">" if here else " ", plain)] if self.gutter_width else []
        for span in line.spans:
            style = plain + Style(bold=self._style(span.style).bold) if here else self._style(span.style)
            segments.append(Segment(harmless(span.text), style))
        return Strip([segment for segment in segments if segment.text]).adjust_cell_length(width, plain)

    def _style(self, name: str) -> Style:
        style = self._styles.get(name)
        if style is None:
            style = self.get_component_rich_style(f"line--{name}") if name else self.rich_style
            self._styles[name] = style
        return style
