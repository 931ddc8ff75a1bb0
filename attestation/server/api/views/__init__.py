"""Operations of the server's half of attestation."""
