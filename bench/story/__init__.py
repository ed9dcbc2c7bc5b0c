"""From order to bill: how many orders a second, how many bills."""
