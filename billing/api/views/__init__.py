"""Operations of this app."""
