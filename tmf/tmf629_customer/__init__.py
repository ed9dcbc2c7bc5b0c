"""TMF629 Customer: what makes a customer's record consistent."""

from __future__ import annotations

from tmf.declare import Extension
from tmf.tmf629_customer.rules import one_preferred_medium_of_a_type

CUSTOMER = Extension(api="TMF629", rules={"customer": (one_preferred_medium_of_a_type,)})
