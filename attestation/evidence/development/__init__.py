"""Evidence in the real format under a root of our own making, for development and tests.

Everything is a function of a seed and the given values, so a development service keeps its root over restarts.
Whoever verifies such evidence has to name that root and gets a result that says so.
"""
