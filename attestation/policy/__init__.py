"""What the caller demands of verified evidence, as objects that are put together.

A policy accepts by returning and refuses by raising. One that lists nothing accepts nothing.
"""
