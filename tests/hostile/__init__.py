"""What hostile askers and agents try: corpora of attempts, all of which must fail against the real thing."""
