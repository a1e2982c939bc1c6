"""The tables of jobs, their stages, webhooks, keys and services.

A database from before alembic may have any number of them: a program made those it knew. So each is made only
where it is not there yet.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from batuta.storage.migrations import no_way_back

revision = "0001"
down_revision = None
downgrade = no_way_back


def upgrade() -> None:
    """Make what is missing."""
    _make_jobs()
    _make_stages()
    _make_webhooks()
    _make_keys_and_services()


def _make_jobs() -> None:
    _make(
        "jobs",
        sa.Column("job_id", sa.String(64), primary_key=True),
        sa.Column("pipeline", sa.String(64), nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("stage", sa.String(64)),
        sa.Column("owner", sa.String(64), nullable=False),
        sa.Column("priority", sa.Integer, nullable=False),
        sa.Column("carrier", sa.String(128)),
        sa.Column("dedupe_key", sa.String(64)),
        sa.Column("created_at", sa.String(32), nullable=False),
        sa.Column("completed_at", sa.String(32)),
        sa.Column("heartbeat_at", sa.String(32)),
        sa.Column("seq", sa.Integer, nullable=False),
        sa.Column("record", sa.Text, nullable=False),
    )
    _index("jobs_newest", "jobs", "pipeline", "created_at")
    _index("jobs_same", "jobs", "dedupe_key")
    _index("jobs_state", "jobs", "status")
    _index("jobs_counted", "jobs", "pipeline", "owner", "status")
    _make(
        "job_events",
        sa.Column("job_id", sa.String(64), primary_key=True),
        sa.Column("seq", sa.Integer, primary_key=True),
        sa.Column("event", sa.Text, nullable=False),
    )
    _make(
        "idempotency_keys",
        sa.Column("owner", sa.String(64), primary_key=True),
        sa.Column("key", sa.String(256), primary_key=True),
        sa.Column("job_id", sa.String(64), nullable=False),
        sa.Column("dedupe_key", sa.String(64)),
        sa.Column("created_at", sa.String(32), nullable=False),
    )
    _make(
        "turns",
        sa.Column("line", sa.String(80), primary_key=True),
        sa.Column("owner", sa.String(64), primary_key=True),
        sa.Column("served_at", sa.String(32), nullable=False),
    )
    _make(
        "leases",
        sa.Column("carrier", sa.String(128), primary_key=True),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
    )


def _make_stages() -> None:
    _make(
        "stage_executions",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("key", sa.String(64), nullable=False),
        sa.Column("job_id", sa.String(64), nullable=False),
        sa.Column("stage", sa.String(64), nullable=False),
        sa.Column("work", sa.String(64), nullable=False),
        sa.Column("owner", sa.String(64), nullable=False),
        sa.Column("priority", sa.Integer, nullable=False),
        sa.Column("carrier", sa.String(128), nullable=False),
        sa.Column("placed_at", sa.String(32)),
        sa.Column("remote_id", sa.String(256)),
        sa.Column("started_at", sa.String(32), nullable=False),
        sa.Column("finished_at", sa.String(32)),
        sa.Column("result", sa.Text),
    )
    _index("executions_by_key", "stage_executions", "key")
    _index("executions_by_job", "stage_executions", "job_id")
    _index("executions_open", "stage_executions", "finished_at", "work")


def _make_webhooks() -> None:
    _make(
        "webhook_deliveries",
        sa.Column("delivery_id", sa.String(32), primary_key=True),
        sa.Column("job_id", sa.String(64)),
        sa.Column("url", sa.Text, nullable=False),
        sa.Column("host", sa.String(255), nullable=False),
        sa.Column("event", sa.String(32), nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("created_at", sa.String(32), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.Column("next_attempt_at", sa.String(32)),
        sa.Column("last_status", sa.Integer),
        sa.Column("last_error", sa.Text),
        sa.Column("delivered_at", sa.String(32)),
        sa.Column("claimed_by", sa.String(32)),
        sa.Column("claimed_until", sa.String(32)),
    )
    _index("webhook_deliveries_due", "webhook_deliveries", "state", "next_attempt_at")
    _index("webhook_deliveries_by_job", "webhook_deliveries", "job_id")


def _make_keys_and_services() -> None:
    _make(
        "api_keys",
        sa.Column("id", sa.String(16), primary_key=True),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.Column("scopes", sa.String(64), nullable=False),
        sa.Column("created_at", sa.String(32), nullable=False),
        sa.Column("last_used_at", sa.String(32)),
        sa.Column("revoked_at", sa.String(32)),
        sa.Column("requests_per_minute", sa.Integer),
    )
    _make(
        "service_jobs",
        sa.Column("service", sa.String(200), primary_key=True),
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("updated_at", sa.String(32), nullable=False),
        sa.Column("job", sa.Text, nullable=False),
    )


def _make(name: str, *columns: sa.Column[object]) -> None:
    op.create_table(name, *columns, if_not_exists=True)


def _index(name: str, table: str, *columns: str) -> None:
    op.create_index(name, table, list(columns), if_not_exists=True)
