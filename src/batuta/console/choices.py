"""What can be chosen for a job, and what is chosen already: the fields of the console's forms."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from batuta.captions.models import CaptionRequest
from batuta.media import PROFILES
from batuta.services.transcriber.languages import LANGUAGES
from batuta.settings import Settings
from batuta.weights.catalog import CATALOG

FLAGS: Final = (
    "remove_noise",
    "convert_to_mono",
    "apply_highpass_filter",
    "set_sample_rate_16k",
    "isolate_vocals",
)
"""Options that are yes or no: a form says no by leaving one out."""
_MODEL_PREFIX: Final = "whisper-"


@dataclass(frozen=True, slots=True)
class Flag:
    """A switch: the field's name, what it does, and a word more."""

    name: str
    label: str
    hint: str


SWITCHES: Final = (
    Flag("remove_noise", "Remove noise", "steady noise such as fans, hiss, traffic"),
    Flag("isolate_vocals", "Isolate the voice", "takes music away; slower"),
    Flag("apply_highpass_filter", "High-pass filter", "takes rumble below 80 Hz away"),
    Flag("convert_to_mono", "Mix to mono", "recognition needs one channel only"),
    Flag("set_sample_rate_16k", "Sample at 16 kHz", "what recognition works with"),
)


@dataclass(frozen=True, slots=True)
class Choices:
    """What the selects of a form offer."""

    languages: tuple[tuple[str, str], ...]
    """Code and name, by name."""
    models: tuple[str, ...]
    default_model: str
    profiles: tuple[str, ...]
    switches: tuple[Flag, ...] = SWITCHES

    @classmethod
    def of(cls, settings: Settings) -> Choices:
        """What this server offers."""
        return cls(
            languages=tuple(sorted(LANGUAGES.items(), key=lambda pair: pair[1])),
            models=tuple(
                name.removeprefix(_MODEL_PREFIX) for name in CATALOG if name.startswith(_MODEL_PREFIX)
            ),
            default_model=settings.whisper_model,
            profiles=tuple(PROFILES),
        )


@dataclass(frozen=True, slots=True)
class Chosen:
    """What a form shows as chosen."""

    values: Mapping[str, str]
    flags: frozenset[str]

    @classmethod
    def by_default(cls, settings: Settings) -> Chosen:
        """What the operator set."""
        wanted = {
            "remove_noise": settings.default_remove_noise,
            "convert_to_mono": settings.default_convert_mono,
            "set_sample_rate_16k": settings.default_sample_rate_16k,
        }
        return cls(
            {"language": settings.default_language}, frozenset(name for name in wanted if wanted[name])
        )

    @classmethod
    def by_request(cls, request: CaptionRequest) -> Chosen:
        """What a job was asked."""
        return cls(
            {
                "language": request.language,
                "language_out": request.language_out or "",
                "subtitle_profile": request.subtitle_profile,
                "model": request.model or "",
            },
            frozenset(name for name in FLAGS if getattr(request, name)),
        )

    @classmethod
    def by_form(cls, fields: Mapping[str, str]) -> Chosen:
        """What somebody sent before."""
        return cls(fields, frozenset(name for name in FLAGS if name in fields))

    def value(self, name: str, otherwise: str = "") -> str:
        """The value of a field."""
        return self.values.get(name) or otherwise


def with_flags(fields: Mapping[str, str]) -> dict[str, str]:
    """The fields of a form, with a no for each switch that it leaves out."""
    return {**fields, **{name: "true" if name in fields else "false" for name in FLAGS}}


def upload_limit(settings: Settings) -> str:
    """How large a file may be, in words."""
    gigabytes = settings.max_upload_bytes / 1024**3
    return f"{gigabytes:.0f} GB" if gigabytes >= 1 else f"{settings.max_upload_bytes / 1024**2:.0f} MB"
