"""The program's commands as a user runs them in a shell."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

TMF = (sys.executable, "-m", "tmf")

TIMEOUT = 240.0
"""Seconds that a command gets; far more than any should take."""


def environment(**settings: str) -> dict[str, str]:
    """This process's environment with these TMF_ settings and no others."""
    inherited = {name: value for name, value in os.environ.items() if name[:4] != "TMF_"}
    return {**inherited, **settings}


def run(command: Sequence[str], folder: Path, **settings: str) -> subprocess.CompletedProcess[str]:
    """A command that has ended, whatever its exit status."""
    return subprocess.run(  # noqa: S603
        command,
        cwd=folder,
        env=environment(**settings),
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=TIMEOUT,
        check=False,
    )


def tmf(*arguments: str, folder: Path, **settings: str) -> subprocess.CompletedProcess[str]:
    """`tmf …` that has ended, whatever its exit status."""
    return run([*TMF, *arguments], folder, **settings)


def load(
    documents: Any, database_url: str, folder: Path, *options: str, name: str = "vendor.json"
) -> subprocess.CompletedProcess[str]:
    """`tmf load` of a file with these documents (a text is written as it is)."""
    file = folder / name
    file.write_text(documents if isinstance(documents, str) else json.dumps(documents))
    return tmf("load", name, *options, folder=folder, TMF_DATABASE_URL=database_url)


def loaded(documents: Any, database_url: str, folder: Path, *options: str) -> str:
    """What `tmf load` says, having succeeded."""
    done = load(documents, database_url, folder, *options)
    assert done.returncode == 0, done.stderr
    return done.stdout
