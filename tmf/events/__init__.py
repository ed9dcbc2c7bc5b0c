"""What moves by itself: the clock, due work and its leases."""
