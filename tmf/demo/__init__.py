"""A small internet provider to look at: its catalogue, customers, services, orders, alarms."""
