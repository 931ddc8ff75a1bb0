"""A tenant's own SQL database: made, entered and removed here, and never seen by the ORM."""
