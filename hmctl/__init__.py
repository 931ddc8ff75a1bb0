"""hmctl: the command-line client of Hivemind rooms."""
