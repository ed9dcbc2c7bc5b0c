"""Measures the bus and the hub: `python -m bench.events --help`."""
