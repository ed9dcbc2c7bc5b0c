"""Every knob of the server, typed and documented; read from `TMF_*` environment variables."""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path

from pydantic import Field, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

_ORIGIN = re.compile(r"[a-z][a-z0-9+.-]*://(?:[A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?")

_SECONDS = re.compile(r"[0-9]{1,7}(\.[0-9]{1,6})?")


def split_list(text: str) -> list[str]:
    """The parts of a comma-separated setting."""
    return [part.strip() for part in text.split(",") if part.strip()]


class Settings(BaseSettings):
    """`TMF_` plus the name in capitals sets each of these."""

    model_config = SettingsConfigDict(env_prefix="TMF_", env_ignore_empty=True, frozen=True)

    host: str = Field("127.0.0.1", description="Address to listen on.")
    port: int = Field(8080, ge=0, le=65535, description="Port to listen on; 0 takes a free one.")
    workers: int = Field(1, ge=1, le=64, description="Server processes.")
    serve_work: bool = Field(
        True,
        description="Do the work behind requests in `tmf serve`; false leaves it to `tmf work`.",
    )
    database_url: str = Field(
        "sqlite:///tmf.db",
        description="SQLAlchemy URL: sqlite:///FILE or postgresql+psycopg2://USER@HOST/NAME.",
    )
    broker_url: str | None = Field(
        None, description="RabbitMQ as amqp://USER:PASSWORD@HOST/VHOST; unset, no broker is needed."
    )
    broker_name: str = Field(
        "tmf",
        pattern="^[A-Za-z0-9_-]{1,32}$",
        description="What the names of the broker's exchange and queues start with.",
    )
    event_retry_schedule: str = Field(
        "1,5,30,120,300",
        description="Seconds between tries of an event that cannot be taken; then it is parked.",
    )
    lease_seconds: float = Field(
        6.0,
        ge=1,
        le=600,
        description="Seconds after which others take up the work of a process that was killed.",
    )
    retention_days: float = Field(
        30.0, gt=0, description="Days for which published events, receipts and attempts are kept."
    )
    hub_retry_schedule: str = Field(
        "5,300,1800,7200,18000,36000,50400,72000,86400",
        description="Seconds between tries of a delivery to a listener; then it is parked.",
    )
    hub_in_flight: int = Field(
        10, ge=1, le=100, description="Deliveries to one listener that are under way at once."
    )
    hub_partner_listeners: int = Field(
        20, ge=1, description="Listeners that one partner may have at each API."
    )
    hub_allow_private_callbacks: bool = Field(
        False, description="Deliver to private, loopback and link-local addresses too."
    )
    public_url: str | None = Field(
        None,
        description="Start of every href, such as https://api.example.net; else the request's.",
    )
    trusted_proxies: str = Field(
        "127.0.0.1",
        description="Addresses whose X-Forwarded-* headers are believed, comma-separated.",
    )
    default_limit: int = Field(100, ge=1, description="Resources on a page if none is asked for.")
    max_limit: int = Field(
        1000, ge=1, le=100_000, description="Largest page; declared as such in the specifications."
    )
    count_limit: int = Field(
        1000, ge=1, description="Matches counted exactly on PostgreSQL; past it an estimate."
    )
    query_timeout: float = Field(
        20.0, gt=0, description="Seconds that one list request may search before it gets a 503."
    )
    max_body: int = Field(10_000_000, ge=1024, description="Bytes of the largest body taken.")
    api_keys: Path | None = Field(
        None, description="File of access keys (`tmf keys`); unset, anybody may do anything."
    )
    insecure: bool = Field(False, description="Listen beyond loopback even without access keys.")
    max_head: int = Field(
        65_536, ge=4096, description="Bytes of the longest address and headers taken."
    )
    max_connections: int = Field(
        500, ge=1, description="Connections of one worker; others get a 503."
    )
    request_timeout: float = Field(
        60.0, gt=0, description="Seconds that a request may take to arrive, or an answer to leave."
    )
    keep_alive_timeout: int = Field(
        5, ge=1, description="Seconds that a connection may be idle between requests."
    )
    rate_limit: float | None = Field(
        None, gt=0, description="Requests a second of one caller to one worker; unset, any number."
    )
    rate_burst: int = Field(
        20, ge=1, description="Requests that a caller may send at once under the rate limit."
    )
    cors_origins: str = Field(
        "", description="Origins of browser pages that may ask, comma-separated, or *."
    )
    idempotency_hours: float = Field(
        24.0, gt=0, le=8760, description="Hours for which an Idempotency-Key gives the same answer."
    )
    audit_file: Path | None = Field(
        None, description="File to which every change is appended as a line of JSON."
    )
    enforce_catalog_lifecycle: bool = Field(
        False, description="Refuse lifecycleStatus moves that the catalogue's lifecycle lacks."
    )
    order_refuse_unknown_offerings: bool = Field(
        False,
        description="Refuse orders for offerings that are not in the catalogue here.",
    )
    provisioning: Path | None = Field(
        None,
        description="JSON file that says which driver provides which services; unset, all are "
        "simulated.",
    )
    alarm_rules: Path | None = Field(
        None,
        description="JSON file of rules by which alarms are correlated and judged; unset, those of "
        "`tmf impact --rules`.",
    )
    clock: datetime | None = Field(
        None, description="RFC 3339 start of a movable clock; unset, the machine's time is used."
    )
    import_dir: Path | None = Field(
        None, description="Folder from which import jobs may read (file names relative to it)."
    )
    import_urls: str = Field(
        "", description="URL prefixes from which import jobs may read, comma-separated."
    )
    export_dir: Path = Field(
        Path("var/export"),
        description="Folder for the files that export jobs write, one within it for each realm.",
    )
    log_level: str = Field(
        "info", pattern="^(debug|info|warning|error)$", description="debug, info, warning or error."
    )
    log_format: str = Field("text", pattern="^(text|json)$", description="text or json.")
    shutdown_timeout: int = Field(
        30, ge=1, description="Seconds given to requests under way after SIGTERM."
    )

    @field_validator("database_url")
    @classmethod
    def _database_is_known(cls, url: str) -> str:
        if not url.startswith(("sqlite:", "postgresql:", "postgresql+psycopg2:")):
            raise ValueError("neither sqlite:///FILE nor postgresql+psycopg2://USER@HOST/NAME")
        return url

    @field_validator("broker_url")
    @classmethod
    def _broker_is_known(cls, url: str | None) -> str | None:
        if url is not None and not url.startswith(("amqp://", "amqps://")):
            raise ValueError("neither amqp:// nor amqps://")
        return url

    @field_validator("event_retry_schedule", "hub_retry_schedule")
    @classmethod
    def _schedule_is_seconds(cls, text: str) -> str:
        if not all(map(_SECONDS.fullmatch, split_list(text))):
            raise ValueError("not numbers of seconds, comma-separated")
        return text

    @field_validator("cors_origins")
    @classmethod
    def _origins_are_origins(cls, text: str) -> str:
        for origin in split_list(text):
            if origin != "*" and _ORIGIN.fullmatch(origin) is None:
                raise ValueError(f"{origin} is neither * nor an origin such as https://example.net")
        return text

    @property
    def work_apart(self) -> bool:
        """Whether processes that serve requests leave the work to `tmf work`."""
        return self.broker_url is not None or not self.serve_work

    @model_validator(mode="after")
    def _default_page_fits(self) -> Settings:
        if self.default_limit > self.max_limit:
            raise ValueError("TMF_DEFAULT_LIMIT is larger than TMF_MAX_LIMIT")
        return self
