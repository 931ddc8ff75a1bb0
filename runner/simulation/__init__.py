"""Rehearsing the query stage while the scope stage runs: the same agent, under a candidate that is not in force."""
