"""The parts a checkout starts by itself: embedded Postgres and Redis, the Docker engine, and the supervisor.

Free of Django, so that the settings may ask where things are and scripts may start them before anything is configured.
"""
