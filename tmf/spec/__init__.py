"""Reads `openapi/`: one plain OAS 3.0.3 document per API, and the typed model of it. Pure."""
