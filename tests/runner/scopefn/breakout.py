"""A worker like the real one, locked the same way, that then does whatever it is told: an escaped function."""

import ctypes
import os
import pickle
import signal
import socket
import subprocess
import sys
import threading

from runner.scopefn import frames, lockdown

TOYS = {
    "os": os,
    "sys": sys,
    "ctypes": ctypes,
    "signal": signal,
    "socket": socket,
    "subprocess": subprocess,
    "threading": threading,
}


def main() -> None:
    """Lock up, say so, then execute every frame as Python without any rule."""
    locks, _ = pickle.loads(frames.read_frame(0)[1:])
    libc = ctypes.CDLL(None)  # an attacker with native code would not need to open it
    lockdown.lock(locks)
    frames.write_frame(1, frames.READY)
    while True:
        source = frames.read_frame(0)[1:].decode()
        namespace = {**TOYS, "libc": libc, "answer": None}
        try:
            exec(source, namespace)
            text = repr(namespace["answer"])
        except Exception as error:
            text = f"{type(error).__name__}: {error}"
        frames.write_frame(1, frames.ALLOWED + text.encode())
