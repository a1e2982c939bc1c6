"""Signed webhooks: what a job came to, stored with it, then told to a URL until that has heard."""

from __future__ import annotations

from batuta.jobs.webhooks.courier import Courier
from batuta.jobs.webhooks.deliveries import Delivery, enqueue, forget_before, forget_jobs
from batuta.jobs.webhooks.schedule import State
from batuta.jobs.webhooks.secret import webhook_secret
from batuta.jobs.webhooks.signing import signed_headers, verify

__all__ = [
    "Courier",
    "Delivery",
    "State",
    "enqueue",
    "forget_before",
    "forget_jobs",
    "signed_headers",
    "verify",
    "webhook_secret",
]
