"""Requests to DynamoDB: over httpx2, with time-outs, few and short retries, and errors of ours."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Generator
from contextlib import contextmanager
from typing import Final

import httpx2
from aiodynamo.client import Client
from aiodynamo.credentials import Credentials, Key, StaticCredentials
from aiodynamo.errors import (
    AccessDenied,
    AIODynamoError,
    ExpiredToken,
    IncompleteSignature,
    InternalDynamoError,
    LimitExceeded,
    MissingAuthenticationToken,
    NoCredentialsFound,
    ProvisionedThroughputExceeded,
    RequestLimitExceeded,
    TableNotFound,
    Throttled,
    TransactionCanceled,
    TransactionConflict,
    TransactionInProgress,
    UnknownError,
    UnrecognizedClient,
)
from aiodynamo.errors import ServiceUnavailable as DynamoUnavailable
from aiodynamo.http.types import HttpImplementation, Request, RequestFailed, Response
from aiodynamo.models import DecorelatedJitterRetry, RetryTimeout
from yarl import URL

from batuta.clients import network_transport
from batuta.errors import ServiceUnavailable, StorageError
from batuta.sessions.dynamo_values import number

CONNECT_SECONDS: Final = 2.0
ANSWER_SECONDS: Final = 4.0
"""For each silence while an answer comes."""
RETRY_SECONDS: Final = 4.0
"""So long a request that was throttled or got no answer is sent again; the last one may take longer."""
MAX_ANSWER_BYTES: Final = 32 * 1024 * 1024
"""DynamoDB sends 16 MB at most (Developer Guide, "Quotas")."""

_AWAY: Final = (
    Throttled,
    ProvisionedThroughputExceeded,
    RequestLimitExceeded,
    LimitExceeded,
    InternalDynamoError,
    DynamoUnavailable,
    TransactionConflict,
    TransactionInProgress,
    TransactionCanceled,
    RetryTimeout,
    httpx2.HTTPError,
    TimeoutError,
)
_PASSING: Final = frozenset({408, 429, 502, 504})
"""Answers, not of DynamoDB's own form, that may be others in a moment; 500 and 503 have names."""
_NO_ENTRY: Final = (
    AccessDenied,
    UnrecognizedClient,
    IncompleteSignature,
    MissingAuthenticationToken,
    NoCredentialsFound,
    ExpiredToken,
)


_HUSHED: Final = logging.getLogger("aiodynamo")
"""It logs a traceback for each place where it found no credentials, at every request; `told` says it once."""
_HUSHED.setLevel(logging.CRITICAL)


class Http:
    """aiodynamo's way to the network."""

    def __init__(self) -> None:
        self._client = httpx2.AsyncClient(
            transport=network_transport(connect_timeout=CONNECT_SECONDS),
            timeout=httpx2.Timeout(ANSWER_SECONDS, connect=CONNECT_SECONDS),
        )

    async def __call__(self, request: Request) -> Response:
        """Send it once."""
        try:
            async with self._client.stream(
                request.method, request.url, headers=request.headers, content=request.body
            ) as response:
                return Response(response.status_code, await _body(response))
        except httpx2.TimeoutException as error:
            raise TimeoutError from error
        except httpx2.HTTPError as error:
            raise RequestFailed(error) from error

    async def aclose(self) -> None:
        """Close its connections."""
        await self._client.aclose()


class FoundCredentials(Credentials):
    """Those of the environment, of `~/.aws/credentials` or of the machine, looked for beside the loop."""

    def __init__(self) -> None:
        self._chain: Credentials | None = None

    async def get_key(self, http: HttpImplementation) -> Key | None:
        """The first key found."""
        if self._chain is None:
            self._chain = await asyncio.to_thread(Credentials.auto)
        return await self._chain.get_key(http)

    def invalidate(self) -> bool:
        """Look again; whether that may help."""
        return self._chain is not None and self._chain.invalidate()

    def is_disabled(self) -> bool:
        """Nobody knows yet."""
        return False


def dynamo_client(
    http: HttpImplementation,
    region: str,
    *,
    endpoint: str | None,
    access_key: str | None,
    secret_key: str | None,
    session_token: str | None,
) -> Client:
    """The client; without both keys it looks for them when they are needed."""
    given = None if access_key is None or secret_key is None else Key(access_key, secret_key, session_token)
    return Client(
        http=http,
        credentials=FoundCredentials() if given is None else StaticCredentials(given),
        region=region,
        endpoint=None if endpoint is None else URL(endpoint),
        numeric_type=number,
        throttle_config=DecorelatedJitterRetry(time_limit_secs=RETRY_SECONDS),
    )


@contextmanager
def told(table: str) -> Generator[None]:
    """Errors of DynamoDB as ours; conditions that do not hold are the caller's business."""
    try:
        yield
    except TableNotFound as error:
        raise no_table(table) from error
    except _NO_ENTRY as error:
        raise StorageError(
            f"DynamoDB does not let us use table {table!r} ({type(error).__name__}): set AWS_ACCESS_KEY_ID"
            " and AWS_SECRET_ACCESS_KEY to a key that may read and write it"
        ) from error
    except _AWAY as error:
        raise ServiceUnavailable(f"DynamoDB does not answer for table {table!r}: {error!r:.300}") from error
    except UnknownError as error:
        message = f"DynamoDB answered {error.status} for table {table!r}: {error.body[:200]!r}"
        if error.status in _PASSING:
            raise ServiceUnavailable(message) from error
        raise StorageError(message) from error
    except AIODynamoError as error:
        raise StorageError(f"DynamoDB refuses a request to table {table!r}: {error!r:.300}") from error


def no_table(table: str) -> StorageError:
    """For whoever has still to make it."""
    return StorageError(
        f"there is no DynamoDB table {table!r} in this region: make it with `batuta shop init-dynamodb`,"
        " or correct DYNAMODB_TABLE_NAME and AWS_REGION"
    )


async def _body(response: httpx2.Response) -> bytes:
    parts: list[bytes] = []
    size = 0
    async for part in response.aiter_bytes():
        size += len(part)
        if size > MAX_ANSWER_BYTES:
            raise httpx2.HTTPError(f"an answer of more than {MAX_ANSWER_BYTES} bytes")
        parts.append(part)
    return b"".join(parts)
