"""What a service offers as proof of the machine it runs on: wire bundle, report data, quote layout."""
