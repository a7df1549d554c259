"""The terminal browser: which device fails, at which step, and by which packets.

``state`` and ``view`` know no widget; ``widgets`` draw what these give; ``screens`` tie both to the keys of ``actions``; ``load`` reads in a thread and
posts ``messages``. Packet text reaches a widget only as safe lines (``view.lines``) or through ``say``.
"""
