"""Tenants for the operator: who they are, whether they may come in, and a new key when theirs is lost."""

from tenants.admin import tenants

__all__ = ["tenants"]
