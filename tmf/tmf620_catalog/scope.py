"""Which resources a job is about: what its `url` names."""

from __future__ import annotations

from urllib.parse import urlsplit

from tmf.declare import GuidelineError, JobContext


def scope(job: JobContext, url: str) -> tuple[str, ...]:
    """One resource, if the URL is that of its collection, or all, if it is the API's root."""
    path = urlsplit(url).path.rstrip("/")
    if path.endswith(job.base_path) or not path:
        return tuple(job.resources)
    name = path.rpartition("/")[2]
    if name in job.resources:
        return (name,)
    raise GuidelineError(
        "conflict",
        f"url must name the catalogue ({job.base_path}) or one of: {', '.join(job.resources)}",
    )
