"""A service that keeps failing is left alone, and tried again by one call at a time."""

from __future__ import annotations

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from batuta.clients.breaker import Breaker, BreakerPolicy, Call, Closed, Event, HalfOpen, Open, State
from batuta.errors import BreakerOpen
from batuta.testing.clock import VirtualClock

POLICY = BreakerPolicy(failures=3, window=60, cooldown=30)


@pytest.mark.parametrize(
    ("state", "event", "probe", "after"),
    [
        (Closed(), Event.SUCCEEDED, False, Closed()),
        (Closed(2, 95), Event.SUCCEEDED, False, Closed()),
        (Closed(), Event.FAILED, False, Closed(1, 100)),
        (Closed(1, 95), Event.FAILED, False, Closed(2, 100)),
        (Closed(2, 95), Event.FAILED, False, Open(130)),
        (Closed(2, 39), Event.FAILED, False, Closed(1, 100)),  # the row was too long ago
        (Closed(2, 95), Event.ABANDONED, False, Closed(2, 95)),
        (Open(101), Event.ASKED, False, Open(101)),
        (Open(100), Event.ASKED, False, HalfOpen()),
        (Open(130), Event.SUCCEEDED, False, Open(130)),  # somebody from before
        (Open(130), Event.FAILED, False, Open(130)),
        (HalfOpen(), Event.ASKED, False, HalfOpen()),
        (HalfOpen(), Event.SUCCEEDED, False, HalfOpen()),
        (HalfOpen(), Event.FAILED, False, HalfOpen()),
        (HalfOpen(), Event.SUCCEEDED, True, Closed()),
        (HalfOpen(), Event.FAILED, True, Open(130)),
        (HalfOpen(), Event.ABANDONED, True, Open(100)),
    ],
)
def test_every_arrow_of_the_drawing(state: State, event: Event, probe: bool, after: State):  # noqa: FBT001
    """The transition function, at second 100."""
    assert POLICY.next(state, event, 100, probe=probe) == after


def test_an_open_breaker_says_when_and_why(clock: VirtualClock):
    """Whoever is turned away learns the real cause and when to come back."""
    breaker = Breaker("downloader", POLICY, clock)
    for _ in range(3):
        with breaker.call() as call:
            call.failed("answered 503: disk full")
    clock.advance(10)
    with pytest.raises(BreakerOpen, match=r"downloader keeps failing.*20\.0 s.*disk full") as caught:
        breaker.call()
    assert caught.value.retry_after == 20
    assert caught.value.retryable


class BreakerMachine(RuleBasedStateMachine):
    """Calls begin and end in any order while time passes; a history, not states, says what should happen."""

    @initialize()
    def start(self):
        self.clock = VirtualClock()
        self.breaker = Breaker("service", POLICY, self.clock)
        self.under_way: list[Call] = []
        self.probe: Call | None = None
        self.row: list[float] = []  # when the failures since the last success happened
        self.closed_until_failure = True
        self.turned_away_until = 0.0

    @rule(seconds=st.sampled_from([0.0, 1.0, 29.0, 30.0, 61.0]))
    def time_passes(self, seconds: float):
        self.clock.advance(seconds)

    @rule()
    def somebody_asks(self):
        may_pass = self.closed_until_failure or (
            self.probe is None and self.clock.now() >= self.turned_away_until
        )
        if not may_pass:
            with pytest.raises(BreakerOpen):
                self.breaker.call()
            return
        call = self.breaker.call()
        call.__enter__()
        if not self.closed_until_failure:
            self.probe = call
        self.under_way.append(call)

    @precondition(lambda self: self.under_way)
    @rule(which=st.integers(0, 99), end=st.sampled_from(["succeeds", "fails", "is abandoned"]))
    def a_call_ends(self, which: int, end: str):
        call = self.under_way.pop(which % len(self.under_way))
        if end == "succeeds":
            call.succeeded()
        elif end == "fails":
            call.failed("it rained")
        call.__exit__(None, None, None)
        if self.closed_until_failure:
            self._counts(end)
        elif call is self.probe:
            self._decides(end)

    def _counts(self, end: str):
        now = self.clock.now()
        if end == "succeeds":
            self.row.clear()
        elif end == "fails":
            if self.row and now - self.row[-1] > POLICY.window:
                self.row.clear()
            self.row.append(now)
            if len(self.row) >= POLICY.failures:
                self.closed_until_failure = False
                self.turned_away_until = now + POLICY.cooldown

    def _decides(self, end: str):
        now = self.clock.now()
        self.probe = None
        if end == "succeeds":
            self.closed_until_failure = True
            self.row.clear()
        else:
            self.turned_away_until = now + (POLICY.cooldown if end == "fails" else 0)

    @invariant()
    def half_open_exactly_while_a_probe_is_under_way(self):
        if hasattr(self, "breaker"):
            assert isinstance(self.breaker.state, HalfOpen) is (self.probe is not None)
            assert isinstance(self.breaker.state, Closed) is self.closed_until_failure


TestBreakerAgainstItsHistory = BreakerMachine.TestCase
TestBreakerAgainstItsHistory.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
