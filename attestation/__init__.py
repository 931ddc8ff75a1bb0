"""Verification kernel shared by server and client: bytes and values in, typed verdicts out.

Nothing in here reads a clock, a file, the network or the environment. Importing this package loads no
submodule.
"""
