"""Every setting, under the name the seeds give it, read once from the environment and frozen.

A field's name in upper case is its environment variable (`poll_interval` is `POLL_INTERVAL`).
"""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Annotated, Literal

import platformdirs
from pydantic import AfterValidator, AnyHttpUrl, BeforeValidator, Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


def _blank_is_unset(value: object) -> object:
    return None if value == "" else value


LogLevel = Literal["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"]
ServiceURL = Annotated[AnyHttpUrl | None, BeforeValidator(_blank_is_unset)]


def _redis_address(value: SecretStr | None) -> SecretStr | None:
    if value is not None and not value.get_secret_value().startswith(("redis://", "rediss://", "unix://")):
        raise ValueError("write redis://host:6379, rediss://… or unix:///path/of/the.sock")
    return value


def _rabbitmq_address(value: SecretStr | None) -> SecretStr | None:
    if value is not None and not value.get_secret_value().startswith(("amqp://", "amqps://")):
        raise ValueError("write amqp://user:password@host:5672/vhost, or amqps://…")
    return value


def _entries(text: str) -> tuple[str, ...]:
    return tuple(entry.strip() for entry in text.split(",") if entry.strip())


class Settings(BaseSettings):
    """What the operator decided; an unset service URL means the embedded service."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_ignore_empty=True)

    # Where things are kept
    batuta_data: Path = Field(default_factory=lambda: platformdirs.user_data_path("batuta"))
    batuta_models: Path = Field(default_factory=lambda: platformdirs.user_cache_path("batuta") / "models")
    batuta_model_mirror: ServiceURL = None
    """Base URL under which weights lie by SHA-256, asked before the hub."""
    database_url: str | None = None
    """Postgres for records and runs (`postgresql://user:password@host/name`): many machines, one queue."""
    redis_url: Annotated[SecretStr | None, AfterValidator(_redis_address)] = None
    """A Redis that processes share as a cache (`redis://`, `rediss://` or `unix://`); without one each has
    its own memory."""
    batuta_artefacts: str | None = None
    """A bucket for artefacts (`s3://bucket/prefix`; credentials and endpoint as AWS_* variables)."""

    # Server
    environment: str = "production"
    """Shown by /admin/stats; decides nothing."""
    workers: int = Field(default=1, ge=1, le=64)
    """Server processes; on SQLite one carries the jobs and the others answer requests."""
    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=0, le=65535)
    log_level: Annotated[LogLevel, BeforeValidator(str.upper)] = "INFO"
    log_format: Literal["text", "json"] = "text"
    """What stderr gets; the log file has the seed's format always."""
    batuta_names: str = ""
    """Further names, by commas, by which browsers may call a server on loopback."""
    batuta_trust_loopback: bool = True
    """Whether this machine needs no key; say no behind a proxy that adds no `X-Forwarded-For`."""
    max_upload_bytes: int = Field(default=8 * 1024**3, gt=0)

    batuta_url_allow: str = ""
    """Hosts, addresses and networks, by commas, that users' URLs may lead to although they are not public."""

    # Who may ask, and how often
    batuta_api_key: SecretStr | None = None
    """A key with every scope, for the operator; others are made with `batuta keys create`."""
    services_api_key: SecretStr | None = None
    """The key we show to services on other machines."""
    rate_limit_per_minute: int | None = Field(default=None, ge=0)
    """Requests of one key, or of one address without a key; 0 means no limit. Unset, others have 600 and a
    caller on this machine who needs no key has no limit."""
    rate_limit_submits_per_minute: int | None = Field(default=None, ge=0)
    """Of these, requests that start work; unset, 120 and none."""

    # Webhooks
    webhook_secret: SecretStr | None = None
    """What deliveries are signed with; without one a secret is made once and kept in the data folder."""

    # Jobs
    jobs_at_once: int = Field(default=64, ge=1, le=1000)
    """Jobs one process carries at a time; their stages wait for places at the services."""
    job_retention_hours: float = Field(default=24.0 * 30, gt=0)
    """Finished jobs and their captions are kept so long; media between the stages for CACHE_TTL_HOURS."""
    stall_seconds: float = Field(default=120.0, gt=0)
    """A stage whose service does not move for so long is called stalled."""
    lease_seconds: float = Field(default=6.0, ge=1)
    """On Postgres: a worker silent for so long is dead, and its jobs are taken over."""

    # Orders under way at one service at a time, over all workers; unset means as many as the service takes
    video_downloader_concurrency: int | None = Field(default=None, ge=1)
    audio_normalization_concurrency: int | None = Field(default=None, ge=1)
    audio_transcriber_concurrency: int | None = Field(default=None, ge=1)
    translator_concurrency: int | None = Field(default=None, ge=1)

    # Polling a service that cannot be waited on
    poll_interval: float = Field(default=3.0, gt=0)
    """Longest pause between two polls, in seconds."""
    max_poll_attempts: int = Field(default=600, gt=0)

    # Retry
    http_max_retries: int = Field(default=3, ge=0)
    retry_backoff_base_seconds: float = Field(default=1.5, gt=0)

    # Lifetimes
    cache_ttl_hours: float = Field(default=24.0, gt=0)
    job_timeout_minutes: float = Field(default=60.0, gt=0)

    # The services of captions; a URL moves one to another machine
    video_downloader_url: ServiceURL = None
    audio_normalization_url: ServiceURL = None
    audio_transcriber_url: ServiceURL = None
    translator_url: ServiceURL = None
    video_downloader_timeout: float = Field(default=300.0, gt=0)
    audio_normalization_timeout: float = Field(default=180.0, gt=0)
    audio_transcriber_timeout: float = Field(default=600.0, gt=0)
    translator_timeout: float = Field(default=120.0, gt=0)

    # Defaults of a caption request
    default_language: str = "auto"
    default_remove_noise: bool = True
    default_convert_mono: bool = True
    default_sample_rate_16k: bool = True
    whisper_model: str = "base"

    # Transcripts of YouTube videos
    transcript_ttl_hours: float = Field(default=24.0 * 7, gt=0, le=24 * 3650)
    """Memory and Redis keep a transcript so long."""
    transcript_fresh_days: float = Field(default=30.0, gt=0, le=36_500)
    """One in the database is asked for again after so many days, and still given when that fails."""
    transcript_threads: int = Field(default=8, ge=1, le=64)
    """Fetches at a time."""
    transcript_timeout_seconds: float = Field(default=45.0, gt=0, le=600)
    """A fetch, with all its requests to YouTube, the pauses between them, and the wait for a thread."""
    transcript_requests_per_second: float = Field(default=2.0, gt=0, le=1e6)
    """Requests to one of YouTube's hosts; a fetch makes three or so."""
    transcript_request_burst: int = Field(default=10, ge=1)
    """So many may come at once after a quiet time."""
    transcript_youtube_origin: ServiceURL = None
    """Who is asked in YouTube's place (a mirror, a test)."""
    transcript_proxy_webshare_username: str | None = None
    transcript_proxy_webshare_password: SecretStr | None = None
    transcript_proxy_webshare_locations: str = ""
    """Countries of Webshare's addresses, by commas, such as `de,us`."""
    transcript_proxy_http_url: SecretStr | None = None
    transcript_proxy_https_url: SecretStr | None = None

    # Sources of album years; a URL names a mirror
    musicbrainz_url: ServiceURL = None
    itunes_url: ServiceURL = None
    itunes_country: str = Field(default="US", min_length=2, max_length=2)
    discogs_url: ServiceURL = None
    discogs_token: SecretStr | None = None
    """Discogs searches only with one."""
    albums_contact: str = ""
    """A URL or e-mail address of yours; without one MusicBrainz, which wants to know, is not asked."""

    # Dubbing: the seed's services, each asked in one request; unset, the embedded ones do the work
    asr_url: ServiceURL = None
    translate_url: ServiceURL = None
    tts_url: ServiceURL = None
    api_gateway_url: ServiceURL = None
    rabbitmq_url: Annotated[SecretStr | None, AfterValidator(_rabbitmq_address)] = None
    """A broker that jobs arrive from and status changes go to (`amqp://` or `amqps://`)."""
    minio_endpoint: ServiceURL = None
    """An S3 endpoint for videos; unset, they are in the data folder."""
    minio_access_key: SecretStr | None = None
    minio_secret_key: SecretStr | None = None
    minio_bucket: str = Field(default="videos", min_length=3, max_length=63)
    speech_url: ServiceURL = None
    """A `batuta serve speech` on another machine, as AUDIO_WORKER_URL is a `batuta serve audio-worker`."""
    audio_worker_url: ServiceURL = None
    speech_timeout: float = Field(default=120.0, gt=0)
    audio_worker_timeout: float = Field(default=600.0, gt=0)
    speech_concurrency: int | None = Field(default=None, ge=1)
    audio_worker_concurrency: int | None = Field(default=None, ge=1)

    # Shopping: a URL moves a service to another machine
    media_service_url: ServiceURL = None
    catalog_service_url: ServiceURL = None
    response_composer_url: ServiceURL = None
    session_ttl_hours: float = Field(default=24.0 * 7, gt=0, le=24 * 3650)
    """A conversation is forgotten so long after its last turn."""
    dynamodb_table_name: str | None = Field(default=None, pattern=r"^[A-Za-z0-9_.-]{3,255}$")
    """Conversations are kept there (`batuta shop init-dynamodb` makes it); unset, in the database."""
    dynamodb_endpoint: ServiceURL = None
    """Another server that speaks DynamoDB than Amazon's."""
    aws_region: str | None = None
    """Of that table; keys are found as for any program at AWS (AWS_ACCESS_KEY_ID, …)."""
    shopping_openai_base_url: ServiceURL = None
    """A language model that helps to understand and to word (any OpenAI-compatible endpoint)."""
    shopping_openai_api_key: SecretStr | None = None
    shopping_openai_model: str = "gpt-4o-mini"

    # A language model that translates in the place of the Firefox models (any OpenAI-compatible endpoint)
    translator_openai_base_url: ServiceURL = None
    translator_openai_api_key: SecretStr | None = None
    translator_openai_model: str = "gpt-4o-mini"

    @property
    def allowed_hosts(self) -> tuple[str, ...]:
        """The entries of `batuta_url_allow`."""
        return _entries(self.batuta_url_allow)

    @property
    def known_names(self) -> tuple[str, ...]:
        """The entries of `batuta_names`."""
        return _entries(self.batuta_names)

    @property
    def youtube_origin(self) -> str:
        """Scheme and host of YouTube, or of whoever is asked in its place."""
        given = self.transcript_youtube_origin
        return "https://www.youtube.com" if given is None else str(given).rstrip("/")

    @property
    def artefacts_folder(self) -> Path:
        """Where artefacts lie by the hash of their content."""
        return self.batuta_data / "artefacts"

    @property
    def catalog_folder(self) -> Path:
        """Where our own catalogue of products lies."""
        return self.batuta_data / "catalog"

    @property
    def session_lifetime(self) -> dt.timedelta:
        """`session_ttl_hours`."""
        return dt.timedelta(hours=self.session_ttl_hours)

    @property
    def logs_folder(self) -> Path:
        """Where the log file and those rotated away lie."""
        return self.batuta_data / "logs"
