"""Money under /v1: the owner's account, spend tokens and credit codes, signup, and the operator's books."""
