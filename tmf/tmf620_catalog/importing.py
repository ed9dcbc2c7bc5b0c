"""Import jobs: a file in the form of `tmf load` brought into the catalogue, row by row."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tmf.declare import GuidelineError, JobContext, read_vendor_file
from tmf.tmf620_catalog.scope import scope

_MOST = 1000
"""Bad rows that are named one by one."""


def import_catalogue(job: JobContext) -> Mapping[str, Any]:
    """Load the file that `path` names, or `url` where there is no path.

    Good rows are kept even if others are bad; each bad one is a line of `errorLog` and makes
    the job end `Failed`. Run again, it skips what is there.
    """
    place = job.document.get("path")
    names = scope(job, job.document["url"]) if place else tuple(job.resources)
    result = {"loaded": 0, "alreadyThere": 0, "refused": 0}
    lines: list[str] = []
    for row in read_vendor_file(_Stream(job.source(place or job.document["url"]))):
        try:
            if row.api != "TMF620" or row.resource not in names:
                raise GuidelineError("conflict", "not of the resources that the job is about")
            result["loaded" if job.load(row.resource, row.document) else "alreadyThere"] += 1
        except GuidelineError as error:
            result["refused"] += 1
            if result["refused"] <= _MOST:
                lines.append(f"{row.place}: {error}")
    if result["refused"] > _MOST:
        lines.append(f"and {result['refused'] - _MOST} more")
    if lines:
        return {"status": "Failed", "errorLog": "\n".join(lines), "result": result}
    return {"status": "Succeeded", "result": result}


class _Stream:
    """Chunks of bytes as the file that the reader wants."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks
        self._rest = b""

    def read(self, size: int = -1) -> bytes:
        """At most `size` bytes; none at the end."""
        while not self._rest:
            chunk = next(self._chunks, None)
            if chunk is None:
                return b""
            self._rest = chunk
        if size < 0:
            size = len(self._rest)
        taken, self._rest = self._rest[:size], self._rest[size:]
        return taken
