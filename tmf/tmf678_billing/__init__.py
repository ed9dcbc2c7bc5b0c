"""TMF678 Customer Bill: what a bill on demand must say."""

from __future__ import annotations

from tmf.declare import Extension
from tmf.tmf678_billing.rules import someone_is_billed

BILLING = Extension(api="TMF678", rules={"customerBillOnDemand": (someone_is_billed,)})
