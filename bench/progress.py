"""What a run tells while it goes on, on standard error: lines with the time, and bars."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

import click

_BEGAN = time.monotonic()


class Advance(Protocol):
    """Tells how much more is done."""

    def __call__(self, n_steps: int) -> None:
        """So many steps more."""


def say(text: str) -> None:
    """A line, with the time since the start."""
    minutes, seconds = divmod(int(time.monotonic() - _BEGAN), 60)
    click.echo(f"[{minutes:3}:{seconds:02}] {text}", err=True)


@contextmanager
def progress(title: str, steps: int) -> Iterator[Advance]:
    """A bar of so many steps (only its title where no terminal shows it)."""
    say(title)
    with click.progressbar(length=steps, file=sys.stderr, show_pos=True) as bar:
        yield bar.update
