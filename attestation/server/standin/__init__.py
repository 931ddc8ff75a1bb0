"""A guest agent for development: the calls of a real one, answered by a machine that does not exist.

Whatever it proves, it proves under a root of its own, and it says "development" wherever there is room for it.
"""
