"""The README works as printed: its curl lines against the demo, its table against the settings."""

import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.e2e.waiting import until
from tests.processes import Server
from tmf.settings import Settings
from tmf.tmf630_guidelines.errors import CODES

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
DEMO = (sys.executable, "-m", "tmf", "demo")

LINES = [line for line in README.splitlines() if line.startswith("curl ")]

EXPECTED = [
    lambda answer: len(answer) == 5 and set(answer[0]) == {"id", "href", "name", "isBundle"},
    lambda answer: answer and all(service["state"] for service in answer),
    lambda answer: {order["id"] for order in answer} >= {"order-1001"},
    lambda answer: answer["id"] == "anna",
    lambda answer: answer["status"] == "Approved",
    lambda answer: answer["orderTotalPrice"] and answer["state"] == "acknowledged",
    lambda answer: answer["code"] == "lifecycleRefused" and "completed" in answer["message"],
    lambda answer: answer["secret"].startswith("whsec_") and answer["callback"].endswith("/mine"),
]


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    with Server(DEMO, tmp_path_factory.mktemp("demo"), dict(os.environ)) as server:
        server.wait_until_ready(60)
        deadline = time.monotonic() + 60
        while "Stop with Ctrl-C" not in server.log():
            assert time.monotonic() < deadline, server.log()
            assert not server.ended(within=0.1), server.log()
        yield server


def run(line, demo):
    """What a curl line prints, asked of the demo."""
    command = line.replace("http://127.0.0.1:8080", demo.url)
    done = subprocess.run(  # noqa: S602 (a user's shell runs them too)
        command, shell=True, capture_output=True, check=True, timeout=30
    )
    return json.loads(done.stdout)


def test_the_curl_lines_give_what_they_promise(demo):
    assert len(LINES) == len(EXPECTED)
    for line, promised in zip(LINES, EXPECTED, strict=True):
        answer = run(line, demo)
        assert promised(answer), (line, answer)


def test_what_the_page_on_orders_shows(demo):
    page = (ROOT / "docs" / "ordering.md").read_text()
    lines = [line for line in page.splitlines() if line.startswith("curl ")]
    part, whole, block, wrong = (run(line, demo) for line in lines)
    shown = json.loads(re.search(r"```json\n(.*?)```", page, re.DOTALL)[1])
    assert {**part, "requestId": ""} == {**shown, "requestId": ""}
    assert len(whole["productOrderItem"][0]["productOrderItem"]) == 5
    assert whole["orderTotalPrice"][0]["price"]["taxIncludedAmount"]["value"] == 65.57
    assert block["orderTotalPrice"][0]["price"]["dutyFreeAmount"]["value"] == 12.00
    assert wrong["code"] == "characteristicRefused"


def test_the_page_on_orders_has_the_codes_that_there_are():
    page = (ROOT / "docs" / "ordering.md").read_text()
    listed = set(re.findall(r"^\| `(\w+)` \|", page, re.MULTILINE))
    assert listed == {
        code
        for code in CODES
        if code.startswith(("offering", "bundle", "characteristic", "item", "quantity", "product"))
    } | {"unknownOffering", "unknownProduct"}


def test_the_demos_listener_prints_signed_events(demo):
    heard = r"ProductOrderStateChangeEvent +productOrder first  completed  #\d+  signature ok"
    until(lambda: re.search(heard, demo.log()), "the event of the order that was placed above")


def test_the_table_lists_every_setting_with_its_default():
    listed = dict(re.findall(r"^\| `(TMF_[A-Z_]+)` \| (?:`([^`]*)`)? ?\|", README, re.MULTILINE))
    known = {f"TMF_{name.upper()}": field for name, field in Settings.model_fields.items()}
    assert listed.keys() == known.keys()
    for name, field in known.items():
        default = field.default
        text = str(default).lower() if isinstance(default, bool) else str(default or "")
        assert listed[name] == text, name


def test_every_error_code_is_documented():
    page = (ROOT / "docs" / "errors.md").read_text()
    rows = re.findall(r"^\| `(\w+)` \| (\d{3}) \| (.+) \|$", page, re.MULTILINE)
    assert {(code, int(status), reason) for code, status, reason in rows} == {
        (code, status, reason) for code, (status, reason) in CODES.items()
    }
