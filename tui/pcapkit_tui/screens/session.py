"""Screen 2, the heart: a session's ladder, with the findings at their places."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from textual.widget import Widget

from pcapkit.model import FrameRef, Session, Step
from pcapkit_tui.screens.base import BrowseScreen
from pcapkit_tui.view import detail, ladder, session, story
from pcapkit_tui.view.lines import Line, Lines, line, text_of
from pcapkit_tui.view.story import Arrow, Fold, Item, Note
from pcapkit_tui.widgets.line_view import LineView


class SessionScreen(BrowseScreen):
    """The ladder of one session. ``focus``: a finding's id, or a frame that is evidence; else the first root finding."""

    NAME = "session"
    SIDE = (120, 42, 62)
    FOOTER: ClassVar = (
        ("open", "packet"),
        "chain",
        ("next_group", "p arrow"),
        ("next_finding", "b finding"),
        "copy",
        "export",
        "help",
        ("back", "back"),
    )

    def __init__(self, session_id: str, focus: str | FrameRef | None = None) -> None:
        super().__init__()
        self.session_id = session_id
        self._focus = focus
        self.opened: set[str] = set()
        self.expanded: set[str] = set()
        self.fold: bool | None = None
        self.first = 0

    def compose_main(self) -> Iterable[Widget]:
        yield LineView(id="head", focusable=False, classes="two")
        yield LineView(id="main")

    # ------------------------------------------------------------ what is shown

    @property
    def session(self) -> Session:
        """The session; while a capture loads its number may come to mean another one, never none."""
        return self.state.sessions.get(self.session_id) or self.state.report.sessions[0]

    def top_line(self, width: int) -> Line:
        return session.title(self.state, self.session, width)

    def show_main(self) -> None:
        if not self.state.report.sessions:
            self.main.show(lambda width: Lines([line(" No session is left.")]))
            return
        self.story = story.tell(self.state.report, self.session, self.opened)
        self.items: dict[str, Item] = {item.id: item for item in self.story.items if isinstance(item, (Arrow, Note, Fold))}
        key = self._first_focus() if self._focus is not None or self.main.key is None else None
        self._focus = None
        if key is not None:
            self._slide_to(key)
        self.query_one("#head", LineView).show(lambda width: Lines(ladder.head(self.story, self._drawing(width))))
        self.main.show(lambda width: Lines(ladder.draw(self.story, self._drawing(width))), key)

    def _drawing(self, width: int) -> ladder.Drawing:
        return ladder.Drawing(width, self.state.style, self.state.time_form, self.fold, self.first, frozenset(self.expanded))

    def _first_focus(self) -> str | None:
        """Where the cursor begins."""
        if isinstance(self._focus, FrameRef):
            return self._place_of(self._focus)
        if self._focus in self.items:
            return self._focus
        wrong = next((i.id for i in self.story.items if isinstance(i, Arrow) and i.failed), None)
        root = next(iter(self.story.roots), None)
        remark = root is not None and self.state.findings[root].severity == "info"
        return (wrong or root if remark else root or wrong) or next(iter(self.items), None)

    def _place_of(self, frame: FrameRef) -> str | None:
        """The line of a frame; of a packet that was sent again its own line."""
        arrows = [i for i in self.story.items if isinstance(i, Arrow)]
        for arrow in arrows:
            if frame in arrow.again:
                self.expanded.add(arrow.id)
                return f"{arrow.id}r{arrow.again.index(frame)}"
            if frame in arrow.frames and arrow.again:
                self.expanded.add(arrow.id)
                return arrow.id
        exact = next((a.id for a in arrows if frame in a.frames or (a.event and frame in a.event.copies)), None)
        near = [a.id for a in arrows if a.frames and a.frames[0].capture == frame.capture and a.frames[0].frame <= frame.frame]
        return exact or (near[-1] if near else next(iter(self.items), None))

    def item(self) -> Item | None:
        """What the cursor stands on."""
        return self.items.get((self.main.key or "").partition("r")[0]) if self.main.key else None

    def detail_lines(self, width: int) -> list[Line]:
        item = self.item()
        return detail.of_item(self.state, self.story, item, width) if item is not None else []

    def moved(self, key: str | None) -> None:
        item = self.item()
        if isinstance(item, Arrow):
            self.browser.look_at(session=self.session_id, frame=self._frame(), flow=self.session.steps[item.step].flow)
            if self._slide_to(item.id):
                self.show_main()
        elif isinstance(item, Note):
            self.browser.look_at(session=self.session_id, finding=item.id)
        self.show_detail()

    # ------------------------------------------------------------ columns

    def _slide_to(self, key: str) -> bool:
        """Slide so that the other end of an arrow (or of the arrow before a finding) has its lifeline; whether anything changed."""
        arrow = self._arrow_at(key)
        if arrow is None or not self.size.width:
            return False
        width = self.main.room or self.size.width - 1
        found = ladder.columns(self.story, self._drawing(width))
        peer = found.folded.get(arrow.peer, arrow.peer)
        if any(p.key == peer for p in found.shown) or not found.before + found.after:
            return False
        parties = [p.key for p in self.story.parties if p.key not in found.folded]
        place, room = parties.index(peer) - 1, len(found.shown) - 1
        first = place if place < self.first else place - room + 1
        changed = first != self.first
        self.first = max(0, first)
        return changed

    def _arrow_at(self, key: str) -> Arrow | None:
        item = self.items.get(key.partition("r")[0])
        if isinstance(item, Arrow):
            return item
        before = [i for i in self.story.items[: self.story.items.index(item)] if isinstance(i, Arrow)] if item is not None else []
        return before[-1] if before else None

    def action_slide_left(self) -> None:
        """Show columns further to the left."""
        self.first = max(0, self.first - 1)
        self.show_main()

    def action_slide_right(self) -> None:
        """Show columns further to the right."""
        self.first += 1 if ladder.columns(self.story, self._drawing(self.main.room)).after else 0
        self.show_main()

    def action_fold(self) -> None:
        """Hosts of a role share a column, or each has its own."""
        self.fold = {None: True, True: False, False: None}[self.fold]
        self.show_main()
        words = {None: "folded where there is no room", True: "one for each role", False: "one for each host"}
        self.say(f"Columns: {words[self.fold]}.")

    # ------------------------------------------------------------ moving

    def action_next_group(self) -> None:
        """The next arrow."""
        self._jump(1, Arrow)

    def action_previous_group(self) -> None:
        """The arrow before."""
        self._jump(-1, Arrow)

    def action_next_finding(self) -> None:
        """The next finding."""
        self._jump(1, Note)

    def action_previous_finding(self) -> None:
        """The finding before."""
        self._jump(-1, Note)

    def _jump(self, step: int, kind: type) -> None:
        keys = list(self.items)
        here = self.main.key.partition("r")[0] if self.main.key else ""
        at = keys.index(here) if here in keys else -1
        rest = keys[at + 1 :] if step > 0 else keys[:at][::-1]
        found = next((k for k in rest if isinstance(self.items[k], kind)), None)
        if found is not None:
            self.main.go(found)
        else:
            self.say(f"No {'further' if step > 0 else 'earlier'} {'finding' if kind is Note else 'arrow'} in this session.")

    def _sibling(self, sessions: list[str], step: int, what: str) -> None:
        place = sessions.index(self.session_id) + step if self.session_id in sessions else 0
        if 0 <= place < len(sessions):
            self.session_id = sessions[place]
            self.opened, self.expanded, self.first = set(), set(), 0
            self.main.source = Lines(())
            self.refresh_view()
        else:
            self.say(f"No {'further' if step > 0 else 'earlier'} {what}.")

    def action_next_session(self) -> None:
        """The next session of this device."""
        self._sibling([s.id for s in self.state.sessions_of(self.session.device)], 1, "session of this device")

    def action_previous_session(self) -> None:
        """The session of this device before."""
        self._sibling([s.id for s in self.state.sessions_of(self.session.device)], -1, "session of this device")

    def _by_device(self, step: int) -> None:
        firsts = list(dict.fromkeys(s.device for s in self.state.report.sessions if s.id in self.state.kept.sessions))
        firsts.sort(key=lambda d: int(d[1:]))
        place = firsts.index(self.session.device) + step if self.session.device in firsts else 0
        if 0 <= place < len(firsts):
            self.session_id = self.state.sessions_of(firsts[place])[0].id
            self._sibling([self.session_id], 0, "")
        else:
            self.say(f"No {'further' if step > 0 else 'earlier'} device with a session.")

    def action_next_device(self) -> None:
        """The next device with a session."""
        self._by_device(1)

    def action_previous_device(self) -> None:
        """The device before with a session."""
        self._by_device(-1)

    # ------------------------------------------------------------ deeper

    def _frame(self) -> FrameRef | None:
        """The frame of the line under the cursor."""
        item, key = self.item(), self.main.key or ""
        if not isinstance(item, Arrow):
            return None
        if "r" in key and item.again:
            return item.again[min(int(key.partition("r")[2]), len(item.again) - 1)]
        copies = item.event.copies if item.event else ()
        return (*item.frames, *copies)[0] if item.frames or copies else None

    def step(self) -> Step | None:
        """The step of the arrow under the cursor, or of the one before the finding there."""
        arrow = self._arrow_at(self.main.key) if self.main.key else None
        return self.session.steps[arrow.step] if arrow else None

    def action_open(self) -> None:
        item = self.item()
        if isinstance(item, Note):
            self.browser.open_finding(item.id)
        elif isinstance(item, Fold):
            self.opened ^= {item.id}
            self.show_main()
        elif isinstance(item, Arrow):
            frame = self._frame()
            if item.again and "r" not in (self.main.key or "") and item.id not in self.expanded:
                self.expanded.add(item.id)
                self.show_main()
            elif frame is not None:
                self.browser.open_packet(frame)
            else:
                self.say("This packet is not in the capture.")

    def action_chain(self) -> None:
        """The certificate chain of the arrow's connection."""
        step = self.step()
        steps = [s for s in self.session.steps if s.kind == "tls"]
        if step is not None:
            steps.sort(key=lambda s: s.attempt != step.attempt)
        if steps:
            self.browser.open_chain(self.session_id, steps[0])
        else:
            self.say("No TLS in this session.")

    def action_stream(self) -> None:
        """Follow the stream of the arrow's connection."""
        step = self.step()
        flow = step.flow if step is not None else None
        if flow:
            self.browser.open_stream(flow)
        else:
            self.say("This arrow belongs to no TCP connection; v follows the stream of one that does.")

    def action_flows_of(self) -> None:
        """The flows of the device."""
        self.browser.open_flows(f"device:{self.session.device}")

    def export_scopes(self) -> dict[str, tuple[str, ...]]:
        return {**super().export_scopes(), "focused": (self.session_id,)}

    def whole_text(self) -> str:
        width = max(79, self.main.room)
        lines = [*ladder.head(self.story, self._drawing(width)), *ladder.draw(self.story, self._drawing(width))]
        return text_of([self.top_line(width), *lines])
