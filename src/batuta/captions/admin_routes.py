"""Captions' admin routes and webhook deliveries over HTTP; names and shapes are the seed's."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request

from batuta.access.answers import PROBLEMS
from batuta.access.door import requires
from batuta.captions.admin import Admin
from batuta.captions.routes import Changeable, Readable
from batuta.jobs.webhooks import Courier, Delivery
from batuta.services.app import MAX_AGE_HOURS

admin_router = APIRouter(
    prefix="/admin", tags=["admin"], dependencies=[Depends(requires("admin"))], responses=PROBLEMS
)
deliveries_router = APIRouter(tags=["captions"], responses=PROBLEMS)


async def the_admin(request: Request) -> Admin:
    """What the server that was asked lets an operator do."""
    admin: Admin = request.app.state.admin
    return admin


async def the_courier(request: Request) -> Courier:
    """Whoever takes webhooks to their URLs."""
    courier: Courier = request.app.state.courier
    return courier


House = Annotated[Admin, Depends(the_admin)]
Post = Annotated[Courier, Depends(the_courier)]


@admin_router.get("/stats")
async def stats(admin: House) -> dict[str, Any]:
    """How many jobs there are, and the settings that matter."""
    return await admin.stats()


@admin_router.post("/cleanup")
async def cleanup(
    admin: House,
    max_age_hours: Annotated[float, Query(ge=0, le=MAX_AGE_HOURS)] = 24.0,
    deep: Annotated[bool, Query(description="old logs, too")] = False,  # noqa: FBT002  # a query parameter
) -> dict[str, Any]:
    """Remove finished jobs older than this, and what nobody mentions any more."""
    return await admin.cleanup(dt.timedelta(hours=max_age_hours), deep=deep)


@admin_router.post("/factory-reset")
async def factory_reset(admin: House) -> dict[str, Any]:
    """Stop every job and remove everything, here and in the services."""
    return await admin.factory_reset()


@deliveries_router.get("/jobs/{job_id}/deliveries")
async def deliveries(job: Readable, courier: Post) -> list[Delivery]:
    """The webhooks sent, or to be sent, about the job."""
    return await courier.deliveries.of_job(job.job_id)


@deliveries_router.post("/jobs/{job_id}/deliveries/{delivery_id}/replay", status_code=202)
async def replay(delivery_id: str, job: Changeable, courier: Post) -> Delivery:
    """Send a webhook again, under the same id."""
    return await courier.replay(delivery_id, job.job_id)
