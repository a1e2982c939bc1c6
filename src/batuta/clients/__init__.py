"""Calls to services that may fail: one deadline, retries that respect it, a breaker, a limit, remote jobs."""

from __future__ import annotations

from batuta.clients.answers import JSON
from batuta.clients.breaker import Breaker, BreakerPolicy
from batuta.clients.clock import SYSTEM_CLOCK, Clock, SystemClock
from batuta.clients.deadline import DEADLINE_HEADER, check, deadline, deadline_from_header, remaining
from batuta.clients.in_process import AppTransport
from batuta.clients.multipart import BytesFile, FileSource
from batuta.clients.polling import PollPolicy
from batuta.clients.remote import OnProgress, RemoteJobs
from batuta.clients.remote_status import RemoteState, RemoteStatus, read_status
from batuta.clients.requests import IDEMPOTENCY_HEADER, RequestParts
from batuta.clients.retry import RetryPolicy
from batuta.clients.service import ServiceClient
from batuta.clients.transports import network_transport

__all__ = [
    "DEADLINE_HEADER",
    "IDEMPOTENCY_HEADER",
    "JSON",
    "SYSTEM_CLOCK",
    "AppTransport",
    "Breaker",
    "BreakerPolicy",
    "BytesFile",
    "Clock",
    "FileSource",
    "OnProgress",
    "PollPolicy",
    "RemoteJobs",
    "RemoteState",
    "RemoteStatus",
    "RequestParts",
    "RetryPolicy",
    "ServiceClient",
    "SystemClock",
    "check",
    "deadline",
    "deadline_from_header",
    "network_transport",
    "read_status",
    "remaining",
]
