"""`hmctl receipt`."""
