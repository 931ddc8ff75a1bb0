"""One agent that tries what its arguments name. The same modules are read by the tests and run in the container."""
