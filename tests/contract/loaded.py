"""Vendor data for the served APIs, made from their schemas and loaded beside a running server."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from tests.contract.instances import Instances
from tmf.spec.model import Api, Resource

VendorData = dict[str, dict[str, list[dict[str, Any]]]]
"""Documents by API and resource, as `tmf load` takes them."""


def vendor_data(resources: Iterable[tuple[Api, Resource]], least: Iterable[str]) -> VendorData:
    """Documents of each resource: the least there is under each of those ids, and a `full` one."""
    data: VendorData = {}
    for api, resource in resources:
        shapes: Mapping[str, Any] = api.document["components"]["schemas"]
        name = f"{resource.schema}_Create"
        name = name if name in shapes else resource.schema
        made = Instances(shapes)
        documents = [{**made.least(name), "id": identity} for identity in least]
        documents.append({**made.everything(name), "id": "full"})
        data.setdefault(api.name, {})[resource.name] = documents
    return data


def load(data: VendorData, database_url: str, folder: Path) -> None:
    """`tmf load` of the data; CalledProcessError if it is refused."""
    file = folder / "vendor.json"
    file.write_text(json.dumps(data))
    command = [sys.executable, "-m", "tmf", "load", str(file), "--database-url", database_url]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)  # noqa: S603
