"""From a proven build back to source that people can read: named links, each with its evidence."""
