"""Names of models: OpenAI's mean the operator's default, ours and those of the hub mean themselves.

A name nobody knows is 404 `model_not_found`, as at OpenAI, Groq and speaches: quietly using another model
than the one asked for would change the meaning.
"""

from __future__ import annotations

from typing import Final, Literal

from typing_extensions import TypedDict

from batuta.captions.doors.openai.errors import Refused
from batuta.services.transcriber.service import PREFIX
from batuta.weights import CATALOG

OPENAI_MODELS: Final = (
    "whisper-1",
    "gpt-transcribe",
    "gpt-4o-transcribe",
    "gpt-4o-mini-transcribe",
    "gpt-4o-transcribe-diarize",
)
"""Of the API's list; also with a date behind them (`gpt-4o-mini-transcribe-2025-12-15`)."""
_HUB_PREFIXES: Final = ("systran/faster-", "openai/", "guillaumekln/faster-")
"""How Whisper's models are called on the hub; what follows is `whisper-base`."""
_PUBLISHED: Final = 1_663_718_400
"""2022-09-21, when Whisper was published; the API wants a time for each model."""
_NOT_FOUND: Final = 404


class ModelDict(TypedDict):
    """A model as OpenAI shows it."""

    id: str
    object: Literal["model"]
    created: int
    owned_by: str


def our_model(name: str, default: str) -> str | None:
    """Our name of the model, None for the operator's default; raises `Refused` (404) for an unknown one.

    `default` is known as well, even where only a transcriber on another machine has it.
    """
    if any(name == known or name.startswith(f"{known}-20") for known in OPENAI_MODELS):
        return None
    ours = name.strip()
    for prefix in _HUB_PREFIXES:
        if ours.lower().startswith(prefix):
            ours = ours[len(prefix) :]
    ours = ours.removeprefix(PREFIX)
    if ours not in {*_in_catalog(), default}:
        raise Refused(
            f"The model {name[:100]!r} does not exist here. Known models: "
            f"{', '.join(model['id'] for model in all_models(default))}.",
            param="model",
            code="model_not_found",
            status=_NOT_FOUND,
        )
    return ours


def all_models(default: str) -> list[ModelDict]:
    """Every model that may be asked for, ours first."""
    ours = sorted({*_in_catalog(), default})
    return [model_named(f"{PREFIX}{name}") for name in ours] + [model_named(name) for name in OPENAI_MODELS]


def model_named(name: str) -> ModelDict:
    """The model under the name it was asked for."""
    return {"id": name, "object": "model", "created": _PUBLISHED, "owned_by": "batuta"}


def _in_catalog() -> list[str]:
    return [name.removeprefix(PREFIX) for name in CATALOG if name.startswith(PREFIX)]
