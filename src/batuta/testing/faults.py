"""Fault injection: a transport that does to each request what a plan says.

    FaultTransport(inner, script(Refused(), Status(503), Pass(), Dropped()))
    FaultTransport(inner, chaos(seed=7, rate=0.3))

These are the things that happen between two machines, the treacherous one among them: the service has done
what it was asked, and its answer never arrives.
"""

from __future__ import annotations

import math
import random
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Final

import httpx2

from batuta.clients.clock import SYSTEM_CLOCK, Clock


@dataclass(frozen=True, slots=True)
class Pass:
    """Nothing happens; the service answers."""


@dataclass(frozen=True, slots=True)
class Refused:
    """Nobody listens at the address; the service never hears of the request."""


@dataclass(frozen=True, slots=True)
class Lost:
    """The request gets lost on the way: the service never hears of it, and the read timeout passes."""


@dataclass(frozen=True, slots=True)
class Dropped:
    """The service does what it is asked, but its answer gets lost."""


@dataclass(frozen=True, slots=True)
class Status:
    """Something between us and the service answers in its place."""

    code: int
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Truncated:
    """The service's answer begins, and breaks off after so many bytes of its body."""

    after: int = 0


@dataclass(frozen=True, slots=True)
class Delay:
    """What happens `then` takes its time; longer than the read timeout, it is not waited for."""

    seconds: float
    then: Fault = Pass()


Fault = Pass | Refused | Lost | Dropped | Status | Truncated | Delay

Plan = Callable[[httpx2.Request], Fault]
"""What befalls a request."""

USUAL_FAULTS: Final[Sequence[Fault]] = (Refused(), Lost(), Dropped(), Status(502), Status(503), Truncated())


def script(*faults: Fault) -> Plan:
    """These faults in this order, one for each request, then none."""
    remaining = iter(faults)
    return lambda _: next(remaining, Pass())


def chaos(seed: int, rate: float = 0.2, faults: Sequence[Fault] = USUAL_FAULTS) -> Plan:
    """Any of these faults, for this share of the requests; the same seed gives the same plan."""
    dice = random.Random(seed)  # noqa: S311  # no secret: a failing test must be able to repeat it
    return lambda _: dice.choice(faults) if dice.random() < rate else Pass()


class FaultTransport(httpx2.AsyncBaseTransport):
    """Hands requests to `inner` as far as the plan lets it; `history` tells what befell each of them."""

    def __init__(self, inner: httpx2.AsyncBaseTransport, plan: Plan, clock: Clock = SYSTEM_CLOCK) -> None:
        """Delays and lost requests take their time by the `clock`."""
        self._inner = inner
        self._plan = plan
        self._clock = clock
        self.history: list[tuple[httpx2.Request, Fault]] = []

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """What the plan says."""
        fault = self._plan(request)
        self.history.append((request, fault))
        return await self._befall(fault, request)

    async def aclose(self) -> None:
        """Close `inner`."""
        await self._inner.aclose()

    async def _befall(self, fault: Fault, request: httpx2.Request) -> httpx2.Response:
        match fault:
            case Pass():
                return await self._inner.handle_async_request(request)
            case Refused():
                raise httpx2.ConnectError("connection refused (injected)", request=request)
            case Lost():
                return await self._befall(Delay(math.inf), request)
            case Dropped():
                async with aclosing(await self._inner.handle_async_request(request)) as response:
                    await response.aread()
                raise httpx2.ReadTimeout("the answer got lost (injected)", request=request)
            case Status(code, headers, body):
                return httpx2.Response(code, headers=headers, content=body, request=request)
            case Truncated(after):
                response = await self._inner.handle_async_request(request)
                stream = _Beginning(response, after)
                return httpx2.Response(response.status_code, headers=response.headers, stream=stream)
            case Delay(seconds, then):
                patience: float | None = request.extensions.get("timeout", {}).get("read")
                if patience is not None and patience < seconds:
                    await self._clock.sleep(patience)
                    raise httpx2.ReadTimeout(f"no answer in {patience} s (injected)", request=request)
                await self._clock.sleep(seconds)
                return await self._befall(then, request)


class _Beginning(httpx2.AsyncByteStream):
    """The first bytes of an answer, then a broken connection."""

    def __init__(self, response: httpx2.Response, length: int) -> None:
        self._response = response
        self._length = length

    async def __aiter__(self) -> AsyncGenerator[bytes]:
        left = self._length
        async with aclosing(self._response.aiter_bytes()) as parts:
            async for part in parts:
                yield part[:left]
                left -= len(part)
                if left <= 0:
                    break
        raise httpx2.RemoteProtocolError("the connection broke in the middle of the answer (injected)")

    async def aclose(self) -> None:
        await self._response.aclose()
