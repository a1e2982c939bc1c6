"""A captions server that stands for many tests."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import FastAPI

from batuta.captions.admin import Admin


@dataclass(frozen=True)
class Standing:
    """A server that stands."""

    app: FastAPI
    url: str

    async def forget(self) -> None:
        """Be as new."""
        admin: Admin = self.app.state.admin
        await admin.factory_reset()
