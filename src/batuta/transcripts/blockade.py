"""When YouTube turns us away, nobody asks it for a while: one breaker for all requests, obeying Retry-After.

    closed   ── blocked, or told to pause; or no proper answer several times in a row ──▶ open
    open     ── its time is over: the first who asks is the probe ──────────────────────▶ probing
    probing  ── answered ──▶ closed         turned away again ──▶ open, for twice as long
             ── abandoned ─▶ open, and whoever asks next is the probe

`clients.breaker` counts failures of a service that is ill; here one refusal is enough, it says itself for how
long, and callers are told the real cause instead of that a breaker is open.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType, TracebackType
from typing import Final, Self

import structlog

from batuta.clients.clock import SYSTEM_CLOCK, Clock
from batuta.telemetry.metrics import breaker_moved
from batuta.transcripts.causes import BY_CAUSE, TranscriptUnavailable
from batuta.transcripts.models import Cause

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Patience:
    """How much of one cause is too much, and for how many seconds to stay away then."""

    strikes: int
    pause: float
    longest: float


_WEATHER: Final = Patience(strikes=5, pause=15, longest=120)
DEFAULT_PATIENCE: Final[Mapping[Cause, Patience]] = MappingProxyType(
    {
        Cause.BLOCKED: Patience(strikes=1, pause=300, longest=3600),
        Cause.RATE_LIMITED: Patience(strikes=1, pause=60, longest=3600),
        Cause.TIMEOUT: _WEATHER,
        Cause.NETWORK: _WEATHER,
        Cause.UPSTREAM_ERROR: _WEATHER,
    }
)
"""Any other cause is a proper answer. YouTube pauses for up to an hour after too many requests (yt-dlp)."""
ROTATING_PATIENCE: Final[Mapping[Cause, Patience]] = MappingProxyType(
    {
        **DEFAULT_PATIENCE,
        Cause.BLOCKED: Patience(strikes=5, pause=60, longest=600),
        Cause.RATE_LIMITED: Patience(strikes=5, pause=30, longest=600),
    }
)
"""Behind proxies that change address with each request, one address turned away says little of the next."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How we stand with YouTube."""

    strikes: int = 0
    """In a row, up to now."""
    openings: int = 0
    """In a row: each is twice as long as the one before."""
    cause: Cause | None = None
    """Why calls are turned away; None while they are not."""
    until: float = -math.inf
    probing: bool = False

    def asked(self, now: float) -> Standing | None:
        """With a probe let through, in a standing that has a cause; None for: not now."""
        return None if self.probing or now < self.until else replace(self, probing=True)

    def refused(
        self, cause: Cause, patience: Patience, now: float, *, asked: float | None, probe: bool
    ) -> Standing:
        """After a refusal; `asked` is the Retry-After in seconds, if there was one."""
        if self.cause is not None and not probe:  # a call that was under way when this began
            until = max(self.until, now + min(asked or 0.0, patience.longest))
            return replace(self, until=until)
        strikes = self.strikes + 1
        if strikes < patience.strikes and not probe:
            return replace(self, strikes=strikes)
        usual = math.ldexp(patience.pause, min(self.openings, 10))
        pause = usual if asked is None else max(asked, patience.pause / 10)  # "at once" is no pause
        return Standing(strikes, self.openings + 1, cause, now + min(pause, patience.longest))

    def answered(self, *, probe: bool) -> Standing:
        """After a proper answer; one to a call from before the refusal changes nothing."""
        return Standing() if self.cause is None or probe else self


class Blockade:
    """`with blockade.call() as call:` around every fetch; only used on the event loop."""

    def __init__(
        self, patience: Mapping[Cause, Patience] = DEFAULT_PATIENCE, clock: Clock = SYSTEM_CLOCK
    ) -> None:
        self._patience = patience
        self._clock = clock
        self._standing = Standing()
        breaker_moved("youtube", "closed")

    @property
    def standing(self) -> Standing:
        """The present one."""
        return self._standing

    @property
    def left(self) -> float | None:
        """Seconds until YouTube is asked again; None when it is not left alone."""
        return None if self._standing.cause is None else max(self._standing.until - self._clock.now(), 1.0)

    def call(self) -> Call:
        """Leave for one fetch; raises the cause's own error, with the seconds to wait, when there is none."""
        cause = self._standing.cause
        if cause is None:
            return Call(self, probe=False)
        now = self._clock.now()
        following = self._standing.asked(now)
        if following is None:
            wait = self.left or 1.0
            message = (
                f"YouTube turned us away ({cause}) and is not asked for another {wait:.0f} s; "
                "TRANSCRIPT_PROXY_* settings lead around a block"
            )
            raise BY_CAUSE[cause](message, retry_after=wait)
        self._move(following, "half_open")
        return Call(self, probe=True)

    def refused(self, error: TranscriptUnavailable, *, probe: bool) -> None:
        """A fetch ended with this error."""
        patience = self._patience.get(error.cause)
        if patience is None:
            self.answered(probe=probe)
            return
        following = self._standing.refused(
            error.cause, patience, self._clock.now(), asked=error.retry_after, probe=probe
        )
        self._move(following, "open" if following.cause else "closed")

    def answered(self, *, probe: bool) -> None:
        """YouTube answered properly."""
        self._move(self._standing.answered(probe=probe), "closed")

    def abandoned(self) -> None:
        """The probe told nothing."""
        self._move(replace(self._standing, probing=False), "open")

    def _move(self, following: Standing, word: str) -> None:
        before, self._standing = self._standing, following
        if (before.cause, before.probing) != (following.cause, following.probing):
            log.warning("breaker", service="youtube", state=word, cause=following.cause, seconds=self.left)
            breaker_moved("youtube", word)


class Call:
    """One fetch that was let through; left without a verdict, it counts as abandoned."""

    __slots__ = ("_blockade", "_probe")

    def __init__(self, blockade: Blockade, *, probe: bool) -> None:
        self._blockade = blockade
        self._probe = probe

    def succeeded(self) -> None:
        """YouTube answered properly."""
        probe, self._probe = self._probe, False
        self._blockade.answered(probe=probe)

    def failed(self, error: TranscriptUnavailable) -> None:
        """The fetch ended so; the cause decides whether it is YouTube's refusal."""
        probe, self._probe = self._probe, False
        self._blockade.refused(error, probe=probe)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._probe:
            self._probe = False
            self._blockade.abandoned()
