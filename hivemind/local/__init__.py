"""The parts a checkout starts by itself: embedded Postgres and Redis, the Docker engine, the supervisor.

Free of Django, so that settings may ask where things are and scripts may start them before anything is
configured. Linux only: whether a process is ours is read from /proc.
"""
