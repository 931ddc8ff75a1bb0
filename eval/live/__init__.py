"""Playing a scenario in a room that exists, through the client's own command line."""
