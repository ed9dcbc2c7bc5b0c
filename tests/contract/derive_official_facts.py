"""Derives `official_facts.json` from TM Forum's own Swagger 2.0 files.

The files themselves are not part of the project. What a contract test needs of them is a table
of facts: names, types and numbers, no prose. To derive it anew, or to check it:

    TMF_OFFICIAL_DIR=<folder> python -m tests.contract.derive_official_facts [--check]

The folder holds one `TMFnnn-*.json` per API; files of APIs that are not served are passed over.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from tests.contract.structure import (
    PRESENT,
    Facts,
    operations,
    schema_facts,
    served,
    with_need,
    worded,
)

TABLE = Path(__file__).with_name("official_facts.json")
LISTENER = "/listener/"

_NOT_SCHEMA = {"name", "in", "required", "description"}


def derive(folder: Path) -> dict[str, Facts]:
    """The facts of every served API that the folder has a file of, by API name."""
    wanted = served()
    table: dict[str, Facts] = {}
    for path in sorted(folder.glob("TMF*.json")):
        name = path.name.split("-")[0]
        if name in wanted:
            table[name] = official_facts(json.loads(path.read_text(encoding="utf-8")))
    return table


def official_facts(document: Mapping[str, Any]) -> Facts:
    """The facts of a Swagger 2.0 document, in the words of `structure.facts_of`."""
    api = {
        "version": document["info"]["version"],
        f"base path {document['basePath'].rstrip('/')}": PRESENT,
    }
    api |= {f"produces {media}": PRESENT for media in document["produces"]}
    facts: Facts = {"api": api}
    for path, item in document["paths"].items():
        shared = item.get("parameters", [])
        for method, operation in operations(item):
            subject = f"{method} {path}"
            stated = _operation(operation, shared, document["consumes"])
            if path.startswith(LISTENER):
                event = path.removeprefix(LISTENER)
                subject = f"event {event[0].upper()}{event[1:]}"
                stated |= {"path": path, "method": method}
            facts[subject] = stated
    return facts | schema_facts(document["definitions"])


def _operation(
    operation: Mapping[str, Any], shared: list[Mapping[str, Any]], consumes: list[str]
) -> dict[str, str]:
    facts = {"operationId": operation["operationId"]}
    for parameter in [*shared, *operation.get("parameters", [])]:
        facts.update(_parameter(parameter, consumes))
    for status, answer in operation["responses"].items():
        schema = answer.get("schema")
        facts[f"status {status}"] = worded(schema) if schema else "nothing"
        for name, header in answer.get("headers", {}).items():
            facts[f"status {status} header {name}"] = worded(header)
    return facts


def _parameter(parameter: Mapping[str, Any], consumes: list[str]) -> Iterator[tuple[str, str]]:
    required = parameter.get("required", False)
    if parameter["in"] == "body":
        schema = worded(parameter["schema"])
        yield "body", with_need(schema, required)
        yield from ((f"body as {media}", schema) for media in consumes)
    else:
        schema = worded({key: parameter[key] for key in parameter.keys() - _NOT_SCHEMA})
        yield f"parameter {parameter['in']} {parameter['name']}", with_need(schema, required)


def written(table: Mapping[str, Facts]) -> str:
    """The table as text: sorted, one subject a line, so that a change of it can be read."""
    apis = []
    for api, facts in sorted(table.items()):
        subjects = [
            f"  {json.dumps(subject)}: {json.dumps(stated, sort_keys=True)}"
            for subject, stated in sorted(facts.items())
        ]
        apis.append(f" {json.dumps(api)}: {{\n" + ",\n".join(subjects) + "\n }")
    return "{\n" + ",\n".join(apis) + "\n}\n"


def main(arguments: list[str]) -> int:
    """Writes the table, or with `--check` compares it: 1 if it differs, 2 without a folder."""
    folder = os.environ.get("TMF_OFFICIAL_DIR")
    if not folder:
        print("TMF_OFFICIAL_DIR must name the folder of the official files", file=sys.stderr)
        return 2
    text = written(derive(Path(folder)))
    if "--check" not in arguments:
        TABLE.write_text(text, encoding="utf-8")
        return 0
    if text == TABLE.read_text(encoding="utf-8"):
        return 0
    print(f"{TABLE.name} differs from what the official files say", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
