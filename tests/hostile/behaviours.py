"""What hostile agents do beside looking for ways out, and on which channels two of them try to talk."""

from typing import Final

# What is tried beside ways out, by what it is after; each is played.
BEHAVIOURS: Final = {
    "processes": ("forks", "zombies", "threads", "orphans", "held_streams"),
    "memory": ("heap", "memory_files", "shared_memory", "socket_buffers"),
    "files": ("inodes", "bytes_everywhere", "holes", "open_files", "deep_folders"),
    "processor": ("processor",),
    "output": ("endless_lines", "endless_line", "endless_diagnostics", "drip"),
    "ending": ("slow_exit", "deaf", "stopped", "crash"),
    "staying": ("leave", "look"),
}
CHANNELS: Final = (
    "watched files",
    "abstract hive",
    "abstract /containerd-shim/hive",
    "port on 127.0.0.1",
    "port on ::1",
    "port on its name",
    "shared memory",
    "messages",
    "semaphores",
    "queues",
    "listings",
    "files",
    "locks on shared files",
    "locks of others listed",
    "processes",
    "sockets listed",
    "datagrams",
    "signals",
)
