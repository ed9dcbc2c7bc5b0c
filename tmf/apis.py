"""The APIs that are served: the only list. A new one is its YAML file and a line here."""

from __future__ import annotations

from tmf.declare import Extension
from tmf.tmf620_catalog import CATALOG
from tmf.tmf622_ordering import ORDERING, PRODUCTS
from tmf.tmf629_customer import CUSTOMER
from tmf.tmf638_inventory import INVENTORY
from tmf.tmf642_alarm import ALARM
from tmf.tmf678_billing import ACCOUNTS, BILLING, USAGE

APIS: tuple[tuple[str, Extension | None], ...] = (
    ("TMF620", CATALOG),
    ("TMF622", ORDERING),
    ("TMF629", CUSTOMER),
    ("TMF635", USAGE),
    ("TMF637", PRODUCTS),
    ("TMF638", INVENTORY),
    ("TMF642", ALARM),
    ("TMF666", ACCOUNTS),
    ("TMF676", None),
    ("TMF678", BILLING),
)
