"""The lying server: one lie per case, and what a client that cannot be fooled does about it. See README.md."""
