"""A circuit breaker (Nygard, *Release It!*, chapter 5): a service that keeps failing is left alone a while.

    Closed   ── enough failures in a row ──▶ Open
    Open     ── asked after the cooldown ──▶ HalfOpen, with its probe under way
    HalfOpen ── the probe succeeded ───────▶ Closed
    HalfOpen ── the probe failed ──────────▶ Open
    HalfOpen ── the probe was abandoned ───▶ Open, and whoever asks next is the probe

`BreakerPolicy.next` is the whole truth, a pure function; `Breaker` remembers the state and logs its changes.
HalfOpen exists only while its probe is under way, so a probe that is cancelled cannot wedge it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import Enum
from types import TracebackType
from typing import Final, Self

import structlog

from batuta.clients.clock import SYSTEM_CLOCK, Clock
from batuta.errors import BreakerOpen
from batuta.telemetry.metrics import breaker_moved

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Closed:
    """Calls pass."""

    failures: int = 0
    """In a row, up to now."""
    last_failure: float = -math.inf


@dataclass(frozen=True, slots=True)
class Open:
    """Calls are turned away until then."""

    until: float


@dataclass(frozen=True, slots=True)
class HalfOpen:
    """One call, the probe, is under way; the others are turned away until it tells."""


State = Closed | Open | HalfOpen


class Event(Enum):
    """What happens to a breaker."""

    ASKED = "asked"
    """Somebody wants to call."""
    SUCCEEDED = "succeeded"
    """A call was answered, be it with a refusal: the service works."""
    FAILED = "failed"
    """A call was not answered, or with 5xx."""
    ABANDONED = "abandoned"
    """A call ended and told nothing about the service: cancelled, out of time, asked to come back later."""


@dataclass(frozen=True, slots=True)
class BreakerPolicy:
    """How much failure is too much."""

    failures: int = 5
    """So many in a row open the breaker."""
    window: float = 60.0
    """A failure more than so many seconds after the one before begins a new row."""
    cooldown: float = 30.0
    """So many seconds the service is left alone."""

    def next(  # noqa: PLR0911  # one return for each arrow of the drawing
        self, state: State, event: Event, now: float, *, probe: bool = False
    ) -> State:
        """The state after the event; `probe` says that it is the probe's own, not that of an earlier call."""
        match state, event:
            case Closed(failures=0), Event.SUCCEEDED:
                return state
            case Closed(), Event.SUCCEEDED:
                return Closed()
            case Closed(failures, last), Event.FAILED:
                row = failures + 1 if now - last <= self.window else 1
                return Open(now + self.cooldown) if row >= self.failures else Closed(row, now)
            case Open(until), Event.ASKED if now >= until:
                return HalfOpen()
            case HalfOpen(), Event.SUCCEEDED if probe:
                return Closed()
            case HalfOpen(), Event.FAILED if probe:
                return Open(now + self.cooldown)
            case HalfOpen(), Event.ABANDONED if probe:
                return Open(now)
            case _:
                return state


DEFAULT_BREAKER: Final = BreakerPolicy()
_WORDS: Final = {Closed: "closed", Open: "open", HalfOpen: "half_open"}


class Breaker:
    """The breaker of one service: `with breaker.call() as call:` around every attempt."""

    def __init__(
        self, name: str, policy: BreakerPolicy = DEFAULT_BREAKER, clock: Clock = SYSTEM_CLOCK
    ) -> None:
        self._name = name
        self._policy = policy
        self._clock = clock
        self._cause = ""
        self._state: State = Closed()
        breaker_moved(name, "closed")

    @property
    def state(self) -> State:
        """The present state."""
        return self._state

    def call(self) -> Call:
        """Leave to make one call; raises `BreakerOpen` when there is none."""
        before = self._state
        if type(before) is Closed:
            return Call(self, probe=False)
        self.happened(Event.ASKED)
        if isinstance(before, Open) and isinstance(self._state, HalfOpen):
            return Call(self, probe=True)
        raise self._refusal()

    def happened(self, event: Event, cause: str = "", *, probe: bool = False) -> None:
        """Go on to the next state; `cause` is what went wrong."""
        before, self._cause = self._state, cause or self._cause
        self._state = self._policy.next(before, event, self._clock.now(), probe=probe)
        if type(self._state) is not type(before):
            log.warning("breaker", service=self._name, state=type(self._state).__name__, cause=self._cause)
            breaker_moved(self._name, _WORDS[type(self._state)])

    def _refusal(self) -> BreakerOpen:
        wait = (
            self._state.until - self._clock.now() if isinstance(self._state, Open) else self._policy.cooldown
        )
        message = f"{self._name} keeps failing and is not asked for up to {wait:.1f} s; last: {self._cause}"
        return BreakerOpen(message, retry_after=wait)


class Call:
    """One call that was let through; left without a verdict, it counts as abandoned."""

    __slots__ = ("_breaker", "_probe")

    def __init__(self, breaker: Breaker, *, probe: bool) -> None:
        self._breaker = breaker
        self._probe = probe

    def succeeded(self) -> None:
        """The service answered."""
        self._tell(Event.SUCCEEDED)

    def failed(self, cause: str) -> None:
        """The service did not answer, or not as a healthy one does."""
        self._tell(Event.FAILED, cause)

    def _tell(self, event: Event, cause: str = "") -> None:
        probe, self._probe = self._probe, False
        self._breaker.happened(event, cause, probe=probe)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._probe:
            self._tell(Event.ABANDONED)
