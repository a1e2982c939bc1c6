"""Style sheets, scripts and pictures: read once, under an address that changes whenever one of them does.

All lie in one folder named by the hash of them all, so that modules find each other by relative paths and a
browser may keep each for ever.
"""

from __future__ import annotations

import mimetypes
from dataclasses import dataclass
from hashlib import sha256
from importlib import resources
from types import MappingProxyType
from typing import Final, Self

from fastapi import APIRouter, Request, Response

from batuta.errors import NotFound

FOR_EVER: Final = "public, max-age=31536000, immutable"
NOT_KEPT: Final = "no-cache"
_TYPES: Final = {".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8"}


@dataclass(frozen=True)
class Assets:
    """The files by name, and the hash of them all."""

    files: MappingProxyType[str, bytes]
    version: str

    @classmethod
    def packaged(cls) -> Self:
        """Those that come with the package."""
        folder = resources.files(__package__ or "batuta.console") / "static"
        files = {file.name: file.read_bytes() for file in folder.iterdir() if file.is_file()}
        whole = sha256()
        for name in sorted(files):
            whole.update(f"{name} {len(files[name])}\n".encode() + files[name])
        return cls(MappingProxyType(files), whole.hexdigest()[:16])

    def address(self, name: str) -> str:
        """Where the file lies; raises `KeyError` for one that does not exist."""
        self.files[name]
        return f"/static/console/{self.version}/{name}"


assets_router = APIRouter(include_in_schema=False)


@assets_router.api_route("/static/console/{version}/{name}", methods=["GET", "HEAD"])
async def asset(version: str, name: str, request: Request) -> Response:
    """The file as it is now; kept by the browser only under its present address."""
    assets: Assets = request.app.state.assets
    body = assets.files.get(name)
    if body is None:
        raise NotFound(f"the console has no file {name!r}")
    suffix = name[name.rfind(".") :]
    media_type = _TYPES.get(suffix) or mimetypes.guess_type(name)[0] or "application/octet-stream"
    lifetime = FOR_EVER if version == assets.version else NOT_KEPT
    return Response(body, media_type=media_type, headers={"Cache-Control": lifetime})
