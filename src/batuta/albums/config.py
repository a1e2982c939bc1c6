"""What the operator decides about the caches; every field has a default, and every field is obeyed.

from batuta.albums import AppConfig, CachingConfig
config = AppConfig(logs_base_dir="library", caching=CachingConfig(negative_result_ttl=86_400))
"""

from __future__ import annotations

from pathlib import Path
from typing import Final, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from batuta.settings import Settings

DAY: Final = 24 * 3600
ALBUM_YEAR_SECONDS: Final = 30.0 * DAY
"""An album's year is looked up again after so long."""
FAILED_LOOKUP_SECONDS: Final = 3600
"""A source that failed, or said what is no year, is asked again after so long."""


class CachingConfig(BaseModel):
    """Lifetimes and rhythms, in seconds."""

    model_config = ConfigDict(frozen=True)

    default_ttl_seconds: float = Field(default=900, gt=0)
    """Of a generic entry that is stored without a lifetime."""
    cleanup_interval_seconds: float = Field(default=300, gt=0)
    """Between two sweeps for entries whose time is over."""
    negative_result_ttl: int = Field(default=30 * DAY, ge=0)
    """A source's word that it does not know the album; 0 has it asked each time."""
    autosave_interval_seconds: float = Field(default=5, gt=0)
    """Between two saves, and between two looks at what other processes saved."""


class LoggingConfig(BaseModel):
    """Small files about runs."""

    model_config = ConfigDict(frozen=True)

    last_incremental_run_file: Path = Path("last_incremental_run.log")
    """Holds the time of the last incremental run."""


class AppConfig(BaseModel):
    """The caches' configuration; a relative file lies under `logs_base_dir`.

    A cache file is named for its older format (CSV, JSON), which is imported when it appears there. What is
    kept lies beside it, in a file of the same name with `.sqlite` behind it.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    logs_base_dir: Path = Field(default_factory=lambda: Settings().batuta_data / "albums")
    """The folder all files live under."""
    max_generic_entries: int = Field(default=10_000, ge=1)
    """Generic entries in memory; the least recently used goes first."""
    cache_ttl_seconds: float | None = Field(default=None, gt=0)
    """The older name of `caching.default_ttl_seconds`; wins where it is set."""
    caching: CachingConfig = CachingConfig()
    logging: LoggingConfig = LoggingConfig()
    album_years_cache_file: Path = Path("cache/album_years.csv")
    api_cache_file: Path = Path("cache/cache.json")
    generic_cache_file: Path = Path("cache/generic_cache.json")

    @model_validator(mode="after")
    def _own_files(self) -> Self:
        files = (self.album_years_cache_file, self.api_cache_file, self.generic_cache_file)
        if len({self.place(file) for file in files}) < len(files):
            raise ValueError("each cache needs a file of its own: album_years_cache_file, api_cache_file, …")
        return self

    @property
    def generic_ttl_seconds(self) -> float:
        """Of a generic entry that is stored without a lifetime."""
        return self.caching.default_ttl_seconds if self.cache_ttl_seconds is None else self.cache_ttl_seconds

    def place(self, file: Path) -> Path:
        """Where a file of this configuration lies."""
        return self.logs_base_dir.expanduser() / file.expanduser()
