"""A door's form: a file, straight into the artefact store, and text fields, some of them several times."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

from fastapi import Request

from batuta.errors import InvalidRequest, PayloadTooLarge
from batuta.services.forms import AROUND_FILE_BYTES, read_form
from batuta.storage.artefacts import Artefact, ArtefactStore

FORM: Final = "multipart/form-data"

Through: TypeAlias = Callable[[AsyncGenerator[bytes]], AsyncGenerator[bytes]]
"""What is done to a file's bytes on their way into the store."""


@dataclass(frozen=True, slots=True)
class DoorForm:
    """What arrived: files by their field, and the text fields with all their values, blank ones left out."""

    files: Mapping[str, Artefact]
    texts: Mapping[str, tuple[str, ...]]

    def text(self, name: str) -> str | None:
        """The field's last value."""
        values = self.texts.get(name)
        return values[-1] if values else None

    def several(self, name: str) -> tuple[str, ...]:
        """All values of `name` and of `name[]`: clients write a list in either way."""
        return self.texts.get(f"{name}[]", ()) + self.texts.get(name, ())


async def read_door_form(
    request: Request,
    artefacts: ArtefactStore,
    *,
    through: Through | None = None,
    media_type: str | None = None,
) -> DoorForm:
    """Read the form to its end, storing files as they come.

    `media_type` is what the files are stored as when `through` makes something else of them. Raises
    `InvalidRequest` for what is no form, `PayloadTooLarge` for more than the operator's MAX_UPLOAD_BYTES.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != FORM:
        raise InvalidRequest(f"content type {kind or 'none'}: send the file as {FORM}")
    limit: int = request.app.state.settings.max_upload_bytes
    too_large = (
        f"more than the {limit} bytes allowed (MAX_UPLOAD_BYTES): send less, or sound without pictures"
    )
    declared = request.headers.get("content-length", "")
    if declared.isdigit() and int(declared) > limit + AROUND_FILE_BYTES:
        raise PayloadTooLarge(too_large)
    left = limit

    async def keep(chunks: AsyncGenerator[bytes], claimed: str) -> Artefact:
        nonlocal left
        body = chunks if through is None else through(chunks)
        try:
            stored = await artefacts.put(body, media_type or claimed, max_bytes=left)
        except PayloadTooLarge as error:
            raise PayloadTooLarge(too_large) from error
        left -= stored.size
        return stored

    files: dict[str, Artefact] = {}
    texts: dict[str, tuple[str, ...]] = {}
    for name, value in await read_form(request, keep):
        if isinstance(value, Artefact):
            files[name] = value
        elif value.strip():
            texts[name] = (*texts.get(name, ()), value)
    return DoorForm(files, texts)
