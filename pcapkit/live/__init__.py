"""Captures under way: ``pcapkit live``, ``pcapkit analyze --follow``, and the live screen of the terminal browser.

    from pcapkit.live import Following, LiveRun, Request, start

    feed = start(Request("eth1", write="ap3.pcapng"))   # opens the interface, then gives up privileges: call it in the main thread, before others
    run = LiveRun(feed, Options(), shown=narrowed)       # or Following("-"), Following("growing.pcapng")
    for update in run.updates():                         # in a worker thread; blocks at most a second
        update.report      # pcapkit.model.Report, at most four a second; the same object where nothing was judged anew
        update.changes     # findings that became certain, changed, or were taken back (news.Change), to be said once
        update.waiting     # sessions that wait for an answer (news.Waiting)
        update.counters    # packets, packets a second, drops by place, bytes written (run.Counters)
        update.said        # "eth1 is down: waiting until it is up again"
    run.report             # the full report: equal to that of ``analyze`` on the written file, captures apart

``run.stop()`` and ``run.mark("user tried now")`` may be called from any thread; the loop ends by itself after ``stop``. ``run.failure`` says why a
capture ended by itself. ``run.close()`` ends everything at once.
"""

from pcapkit.capture.live import CaptureError, Capturing, Failure, Request, start
from pcapkit.live.feed import Feed, Following
from pcapkit.live.news import Change, News, Waiting
from pcapkit.live.run import Counters, LiveRun, Update

__all__ = [
    "CaptureError",
    "Capturing",
    "Change",
    "Counters",
    "Failure",
    "Feed",
    "Following",
    "LiveRun",
    "News",
    "Request",
    "Update",
    "Waiting",
    "start",
]
