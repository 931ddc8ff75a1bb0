"""Who exists, how they prove it, and what their key unwraps."""

from tenants.models.api_key import ApiKey
from tenants.models.tenant import Tenant
from tenants.models.tenant_secret import TenantSecret

__all__ = ["ApiKey", "Tenant", "TenantSecret"]
