"""The gate: who is asking, may he, and is it not too often.

| bound to          | asked from                       | without a key        |
|-------------------|----------------------------------|----------------------|
| loopback          | this machine                     | submit and read      |
| loopback          | a proxy (`X-Forwarded-*`, `Via`) | 401                  |
| any other address | anywhere, this machine too       | 401                  |

`/admin/` needs an admin key everywhere. Keys in the table or in BATUTA_API_KEY change nothing for this
machine: who can open a loopback port can mostly read the data folder as well. A proxy on this machine that
adds none of those headers cannot be told from a local program: make it add them, or build the gate with
`trust_loopback=False`.
"""

from __future__ import annotations

import hmac
import time
from collections import OrderedDict
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Final, Self

from batuta.access.browsers import LOOPBACK_NAMES, check_host, check_page
from batuta.access.caller import SCOPES, Caller, Scope
from batuta.access.keys import Keys, looks_like_ours
from batuta.access.limits import Decision, Limiter, Quota, bucket_of
from batuta.access.visit import Visit, is_loopback
from batuta.errors import Forbidden, TooManyRequests, Unauthorized
from batuta.settings import Settings

OPERATOR: Final = "operator"
"""The owner of what is done with BATUTA_API_KEY."""
GENERATED: Final = "generated"
HOW_TO_MAKE: Final = "make one with `batuta keys create NAME --scope {scope}`"
FAILURES: Final = Quota("failures", 30)
"""Keys that nobody knows, of one address; then it has to wait."""
REQUESTS: Final = 600
SUBMITS: Final = 120
"""A minute, where the settings say nothing."""
REMEMBERED_KEYS: Final = 1024
"""Keys shown lately of which we remember whether they were right."""

_LOCAL: Final = Caller(name="local", scopes=frozenset({"submit", "read"}))


@dataclass(frozen=True, slots=True)
class OpenPaths:
    """Paths for which less is asked. Each is a whole path, as the server sees it; folders end in a slash."""

    keyless: frozenset[str] = frozenset({"/health", "/login", "/logout"})
    """Answered without a key everywhere."""
    unlimited: frozenset[str] = frozenset({"/health", "/metrics"})
    """Not counted."""
    folders: tuple[str, ...] = ("/static/",)
    """What lies in them is public, and not counted."""

    @classmethod
    def with_apps_under(cls, *prefixes: str, folders: tuple[str, ...] = ()) -> OpenPaths:
        """Open, too, the health of apps under prefixes such as `/captions`, and further folders."""
        health = {f"{prefix}/health" for prefix in prefixes}
        usual = cls()
        return cls(usual.keyless | health, usual.unlimited | health, (*usual.folders, *folders))

    def needs_key(self, path: str) -> bool:
        """Whether a key may be asked for."""
        return path not in self.keyless and not path.startswith(self.folders)

    def is_counted(self, path: str) -> bool:
        """Whether a request counts against the limit."""
        return path not in self.unlimited and not path.startswith(self.folders)


class Gate:
    """Judges visits by the keys, the settings and the address the server is bound to."""

    def __init__(
        self,
        keys: Keys,
        settings: Settings,
        *,
        bound_to: str,
        names: Collection[str] = (),
        open_paths: OpenPaths | None = None,
        trust_loopback: bool = True,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        """`names` are further names by which browsers on this machine may call a server on loopback."""
        self.open_paths = open_paths or OpenPaths()
        self._keys = keys
        self._operator = operator_key(settings)
        self._on_loopback = is_loopback(bound_to)
        self._names = LOOPBACK_NAMES | {name.lower().strip("[]") for name in (bound_to, *names)}
        self._trust_loopback = trust_loopback
        self._requests = settings.rate_limit_per_minute
        self._submits = settings.rate_limit_submits_per_minute
        self._limiter = Limiter(now=now)
        self._was_right: OrderedDict[bytes, bool] = OrderedDict()

    @classmethod
    def of_service(cls, keys: Keys, settings: Settings, *, bound_to: str) -> Self:
        """For a service standing alone: its one caller asks how the jobs are hundreds of times a minute."""
        unlimited = {"rate_limit_per_minute": 0, "rate_limit_submits_per_minute": 0}
        return cls(keys, settings.model_copy(update=unlimited), bound_to=bound_to)

    async def admit(self, visit: Visit) -> Caller:
        """Who asks; raises `Forbidden`, `Unauthorized` or `TooManyRequests` for who may not even do that."""
        local = self._on_loopback and visit.from_loopback and not visit.forwarded
        if local:
            check_host(visit, self._names)
        if not visit.keys:
            check_page(visit, must_prove=bool(visit.cookie))
        caller = replace(
            _LOCAL if local and self._trust_loopback else Caller(),
            address=visit.address,
        )
        if not self.open_paths.needs_key(visit.path):
            return caller
        scope = needed_scope(visit)
        found = await self._holder(visit, lenient=caller.may(scope))
        caller = caller if found is None else found
        check_scope(caller, scope)
        return caller

    async def identify(self, key: str, address: str) -> Caller:
        """Whose key it is; raises `Unauthorized`, or `TooManyRequests` after too many wrong ones.

        A key that was right before is not kept waiting by others behind the same address, and the same wrong
        key again is no further guess: it is a program that nobody told.
        """
        bucket, proof = bucket_of(address), _proof(key)
        was_right = self._was_right.get(proof)
        if not was_right:
            _refuse_unless(self._limiter.look(bucket, FAILURES), "wrong keys")
        caller = await self._find(key)
        self._was_right[proof] = caller is not None
        self._was_right.move_to_end(proof)
        if len(self._was_right) > REMEMBERED_KEYS:
            self._was_right.popitem(last=False)
        if caller is not None:
            return replace(caller, address=address)
        if was_right is not False:
            self._limiter.take(bucket, FAILURES)
        raise Unauthorized(
            "nobody knows this key, or it is revoked: `batuta keys list` shows which there are, "
            + HOW_TO_MAKE.format(scope="submit")
        )

    def count_request(self, caller: Caller) -> Decision | None:
        """Count one request of the caller; None where there is no limit."""
        own = caller.requests_per_minute
        limit = _limit(self._requests, REQUESTS, caller) if own is None else own
        return self._count("requests", limit, caller)

    def count_submit(self, caller: Caller) -> Decision | None:
        """Count one request that starts work; None where there is no limit."""
        return self._count("submits", _limit(self._submits, SUBMITS, caller), caller)

    def _count(self, name: str, limit: int, caller: Caller) -> Decision | None:
        if not limit:
            return None
        who = f"key {caller.owner}" if caller.owner else bucket_of(caller.address)
        return self._limiter.take(who, Quota(name, limit))

    async def _holder(self, visit: Visit, *, lenient: bool) -> Caller | None:
        """Whose key the visit shows, None for no key.

        Where none is needed (`lenient`), what is not of our form does no harm: many clients insist on sending
        some word as a key, and a cookie may be older than the key it holds.
        """
        if len(visit.keys) > 1:
            raise Unauthorized("several different keys were sent: send one, as `Authorization: Bearer KEY`")
        shown = visit.keys[0] if visit.keys else visit.cookie
        if not shown:
            return None
        if lenient and not (visit.keys and looks_like_ours(shown)):
            found = await self._find(shown)
            return None if found is None else replace(found, address=visit.address)
        return await self.identify(shown, visit.address)

    async def _find(self, key: str) -> Caller | None:
        """Whose key it is; the operator's is compared as a hash, so its length cannot be timed either."""
        if self._operator and hmac.compare_digest(_proof(key), _proof(self._operator)):
            return Caller(OPERATOR, "BATUTA_API_KEY", frozenset(SCOPES))
        return await self._keys.find(key)


def _limit(configured: int | None, usual: int, caller: Caller) -> int:
    """Requests a minute, 0 for no limit: nobody is protected from himself unless he asks for it."""
    if configured is not None:
        return configured
    return 0 if caller.name == _LOCAL.name and not caller.owner else usual


def needed_scope(visit: Visit) -> Scope:
    """The scope without which a visit gets nowhere; a route may ask for more.

    Any path with a part `admin` counts, whatever it is mounted under: one too many is an error message, one
    too few an open door.
    """
    if "admin" in visit.path.split("/"):
        return "admin"
    return "submit" if visit.unsafe else "read"


def check_scope(caller: Caller, scope: Scope) -> None:
    """Raise `Unauthorized` where a key would help, `Forbidden` where the caller's does not reach so far."""
    if caller.may(scope):
        return
    if not caller.owner:
        raise Unauthorized(
            f"a key with the scope {scope} is needed, as `Authorization: Bearer KEY` or `X-API-Key: KEY`: "
            + HOW_TO_MAKE.format(scope=scope)
        )
    raise Forbidden(
        f"the key {caller.name!r} may {' and '.join(sorted(caller.scopes))}; this needs the scope {scope}: "
        + HOW_TO_MAKE.format(scope=scope)
    )


def check_limit(decision: Decision | None) -> None:
    """Raise `TooManyRequests` for a request that was not allowed."""
    if decision is not None:
        _refuse_unless(decision, decision.quota.name)


def operator_key(settings: Settings) -> str:
    """BATUTA_API_KEY, "" where it is unset or blank."""
    secret = settings.batuta_api_key
    return "" if secret is None else secret.get_secret_value().strip()


async def ensure_key(keys: Keys, settings: Settings, host: str) -> str | None:
    """A key made just now, in clear, since the address needs one and there was none; print it once."""
    if is_loopback(host) or operator_key(settings):
        return None
    made = await keys.create_if_none(GENERATED, SCOPES)
    return None if made is None else made.clear


def _proof(key: str) -> bytes:
    """What is compared and remembered in the place of a key; any text has one, half characters too."""
    return sha256(key.encode(errors="surrogatepass")).digest()


def _refuse_unless(decision: Decision, what: str) -> None:
    if not decision.allowed:
        quota = decision.quota
        raise TooManyRequests(
            f"more than {quota.requests} {what} in {quota.seconds} s: come again in "
            f"{decision.retry_seconds} s",
            retry_after=decision.retry_seconds,
        )
