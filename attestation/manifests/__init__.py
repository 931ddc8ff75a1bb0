"""The signed documents of the protocol as frozen values: room manifest, run record, compose pin."""
