"""The services that `tmf` is measured against. None of them imports `tmf`'s engine."""
