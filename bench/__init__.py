"""Measures `tmf` side by side with what people would otherwise write: `python -m bench --help`."""
