"""For tests, ours and yours: a virtual clock, injected faults."""
