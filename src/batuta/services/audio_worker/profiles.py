"""How loud a dub is to be, by where it will be heard."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from batuta.errors import InvalidRequest


@dataclass(frozen=True, slots=True)
class LoudnessProfile:
    """Loudness in LUFS and the highest true peak in dB of full scale (ITU-R BS.1770).

    `of_dialogue` measures where somebody speaks, not the whole.
    """

    name: str
    loudness: float
    true_peak: float
    of_dialogue: bool = False


DEFAULT_PROFILE: Final = "web"
PROFILES: Final[Mapping[str, LoudnessProfile]] = MappingProxyType(
    {
        found.name: found
        for found in (
            LoudnessProfile("web", -16.0, -1.5),  # contract: dubbing
            LoudnessProfile("broadcast", -23.0, -1.0),  # EBU R 128
            LoudnessProfile("netflix", -27.0, -2.0, of_dialogue=True),  # facts: media quality, 5.2
        )
    }
)


def profile_named(name: str) -> LoudnessProfile:
    """The profile; raises `InvalidRequest` for an unknown one."""
    try:
        return PROFILES[name]
    except KeyError:
        raise InvalidRequest(
            f"there is no loudness profile {name!r}; there are {', '.join(PROFILES)}"
        ) from None
