"""The steps of checking a receipt, one module each. `attestation.receipt` is the front door."""
