"""`tmf bill-run` over many accounts with five rates each."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from bench.client import BenchError
from bench.copying import copy
from bench.events.stage import scalar
from bench.progress import say

RATES = 5
AS_OF = "2026-11-01"


class Run(NamedTuple):
    """How long a run over so many accounts took, and how large its process became (MB)."""

    accounts: int
    seconds: float
    memory: float


def run(url: str, folder: Path, accounts: int) -> Run:
    """Fill a database, and bill all that is in it."""
    copy(url, "TMF666.billingAccount", accounts_of(accounts), accounts)
    copy(url, "TMF678.appliedCustomerBillingRate", rates_of(accounts), accounts * RATES)
    say(f"billing {accounts:,} accounts")
    env = {**os.environ, "TMF_DATABASE_URL": url, "TMF_LOG_LEVEL": "error"}
    command = [sys.executable, "-m", "bench.story.measured", "bill-run", "--as-of", AS_OF]
    begun = time.monotonic()
    done = subprocess.run(  # noqa: S603 (our own program)
        command, cwd=folder, env=env, capture_output=True, text=True, check=False
    )
    seconds = time.monotonic() - begun
    if done.returncode != 0:
        raise BenchError(f"bill-run ends with {done.returncode}: {done.stderr[-500:]}")
    bills = scalar(url, "SELECT count(*) FROM tmf678_customer_bill")
    if bills != accounts:
        raise BenchError(f"{bills} bills were made, of {accounts}")
    return Run(accounts, seconds, float(done.stderr.rsplit("peak ", 1)[1].split()[0]))


def accounts_of(count: int, first: int = 0) -> Iterator[dict[str, Any]]:
    """So many billing accounts."""
    for number in range(first, first + count):
        party = {"id": f"party-{number}", "role": "customer", "@referredType": "Individual"}
        yield {
            "id": f"account-{number}",
            "name": f"Account {number}",
            "relatedParty": [party],
            "@type": "BillingAccount",
        }


def rates_of(count: int, first: int = 0) -> Iterator[dict[str, Any]]:
    """What so many accounts have to pay."""
    for number in range(first, first + count):
        for place in range(RATES):
            yield {
                "id": f"rate-{number}-{place}",
                "name": f"Line {place}",
                "type": "recurringCharge",
                "date": "2026-10-01T00:00:00.000Z",
                "isBilled": False,
                "billingAccount": {"id": f"account-{number}"},
                "product": {"id": f"product-{number}-{place}"},
                "taxExcludedAmount": {"unit": "EUR", "value": 10 + place},
                "taxIncludedAmount": {"unit": "EUR", "value": 12 + place},
                "@type": "AppliedCustomerBillingRate",
            }
