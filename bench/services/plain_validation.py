"""Sent documents against the schema that `tmf` publishes, by jsonschema-rs."""

from __future__ import annotations

import json
import os
from pathlib import Path

import jsonschema_rs

_document = json.loads(Path(os.environ["BENCH_OPENAPI"]).read_text())
_validator = jsonschema_rs.Draft202012Validator(
    {
        "$ref": "#/components/schemas/ProductOffering_Create",
        "components": {"schemas": _document["components"]["schemas"]},
    },
    validate_formats=True,
)

is_valid = _validator.is_valid
"""Whether a decoded document is a product offering to be created."""
