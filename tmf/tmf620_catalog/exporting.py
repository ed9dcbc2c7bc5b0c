"""Export jobs: resources of the catalogue written to a file, in the form `tmf load` reads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, BinaryIO

from tmf.declare import JobContext, encode
from tmf.tmf620_catalog.scope import scope


def export_catalogue(job: JobContext) -> Mapping[str, Any]:
    """Write what `url` and `query` choose; `path` says where the file is served.

    The file appears whole or not at all: it is written beside its place and then moved there.
    """
    names = scope(job, job.document["url"])
    query = job.document.get("query", "")
    file_name = f"{job.document['id']}.json"
    target = job.export_file(file_name)
    unfinished = target.with_suffix(".part")
    try:
        with unfinished.open("wb") as file:
            exported = _write(file, job, names, query)
        unfinished.replace(target)
    finally:
        unfinished.unlink(missing_ok=True)
    return {
        "status": "Succeeded",
        "path": job.export_url(file_name),
        "result": {"exported": exported},
    }


def _write(file: BinaryIO, job: JobContext, names: Sequence[str], query: str) -> int:
    """Write the resources that match; how many there were."""
    exported = 0
    file.write(b'{"TMF620":{')
    for position, name in enumerate(names):
        file.write(b"," * (position > 0) + encode(name) + b":[")
        for number, document in enumerate(job.find(name, query)):
            file.write(b"," * (number > 0) + b"\n" + encode(document))
            exported += 1
        file.write(b"]")
    file.write(b"}}\n")
    return exported
