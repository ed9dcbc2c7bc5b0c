"""TMF620 Product Catalog: import and export jobs."""

from __future__ import annotations

from tmf.declare import Extension
from tmf.tmf620_catalog.exporting import export_catalogue
from tmf.tmf620_catalog.importing import import_catalogue

CATALOG = Extension(
    api="TMF620",
    jobs={"importJob": import_catalogue, "exportJob": export_catalogue},
)
