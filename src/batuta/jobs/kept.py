"""Whether the result of an order is kept already, and still good."""

from __future__ import annotations

import datetime as dt
from typing import Any

from pydantic import BaseModel

from batuta.jobs.journal import Execution, Journal
from batuta.jobs.orders import Order
from batuta.storage.artefacts import Artefact, ArtefactStore


async def kept_execution(
    journal: Journal, artefacts: ArtefactStore, key: str, order: Order[Any]
) -> Execution | None:
    """The finished execution, if it is not stale and every file of its result is still stored."""
    execution = await journal.kept(key)
    if execution is None or execution.result is None or _is_stale(execution, order):
        return None
    for artefact in _artefacts_in(order.result(execution.result)):
        if not await artefacts.has(artefact):
            await journal.forget(execution)
            return None
    return execution


def _is_stale(execution: Execution, order: Order[Any]) -> bool:
    if order.lifetime is None or execution.finished_at is None:
        return False
    return execution.finished_at < dt.datetime.now(dt.UTC) - order.lifetime


def _artefacts_in(result: BaseModel) -> list[Artefact]:
    values = (getattr(result, name) for name in type(result).model_fields)
    return [value for value in values if isinstance(value, Artefact)]
