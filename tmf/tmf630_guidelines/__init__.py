"""The TMF630 REST guideline as pure functions: no I/O, no framework, no database."""
