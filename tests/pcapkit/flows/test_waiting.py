"""Which conversations wait unread, and whose hello is told all the same."""

import itertools

import pytest

from pcapkit.flows.waiting import SAMPLES, Said, Waiting


def nobody(_name, _server):
    return False


@pytest.fixture
def waiting():
    """A waiting room that has read its samples of strangers."""
    room = Waiting(nobody)
    for number in range(SAMPLES):
        room.begin(number, 1, "10.0.0.1", "198.51.100.1", Said(f"s{number}.example"))
    return room


@pytest.mark.parametrize("order", itertools.permutations([("hello", 5), ("datagram", 7)]))
def test_the_first_hello_is_told_though_datagrams_of_its_window_came_up_before_it(waiting, order):
    told = []
    for kind, frame in order:
        if kind == "datagram":
            waiting.meet("10.0.0.9", frame)
        else:
            told.append(waiting.begin(1000, frame, "10.0.0.9", "198.51.100.1", Said("s.example")))
    told.append(waiting.begin(1001, 9, "10.0.0.9", "198.51.100.1", Said("s.example")))
    assert told == ["greet", "wait"]


def test_a_client_that_showed_itself_before_is_not_greeted(waiting):
    waiting.meet("10.0.0.9", 3)
    assert waiting.begin(1000, 5, "10.0.0.9", "198.51.100.1", Said("s.example")) == "wait"


def test_a_browser_of_a_known_client_is_told_once(waiting):
    waiting.meet("10.0.0.9", 1)
    told = [waiting.begin(1000 + n, 5 + n, "10.0.0.9", "198.51.100.1", Said("s.example", agent)) for n, agent in enumerate(("a/1", "a/1", "b/2"))]
    assert told == ["greet", "wait", "greet"]
