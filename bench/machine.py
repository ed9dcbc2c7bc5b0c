"""What the figures were measured on and with."""

from __future__ import annotations

import os
import platform
from importlib.metadata import version
from pathlib import Path

from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool

_PACKAGES = (
    "asyncpg",
    "connexion",
    "fastapi",
    "httptools",
    "jsonschema_rs",
    "msgspec",
    "psycopg2-binary",
    "pydantic",
    "SQLAlchemy",
    "starlette",
    "uvicorn",
    "uvloop",
)
_SETTINGS = ("fsync", "synchronous_commit", "shared_buffers", "max_wal_size", "jit")


def facts(url: str) -> list[str]:
    """A line each for the machine, the database and the programs: to be asked for at the start."""
    loads = ", ".join(f"{load:.1f}" for load in os.getloadavg())
    return [
        f"{_processor()}, {os.cpu_count()} cores, {_memory()} of memory, {platform.system()} "
        f"{platform.release().split('-')[0]}",
        _database(url),
        f"load average over 1, 5 and 15 minutes before the first measurement: {loads} "
        f"(no other work: under {os.cpu_count()})",
        f"Python {platform.python_version()}",
        ", ".join(f"{name} {version(name)}" for name in _PACKAGES),
    ]


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(": ")[2].strip()
    return platform.machine()


def _memory() -> str:
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return f"{pages / 2**30:.0f} GB"


def _database(url: str) -> str:
    engine = create_engine(url, poolclass=NullPool)
    with engine.connect() as connection:
        number = connection.exec_driver_sql("SHOW server_version").scalar_one().split()[0]
        settings = [
            f"{name} {connection.exec_driver_sql(f'SHOW {name}').scalar_one()}"
            for name in _SETTINGS
        ]
    return f"PostgreSQL {number} on the same machine: {', '.join(settings)}"
