"""Who exists, how they prove it, and what their key unwraps."""

from tenants.models.api_key import ApiKey
from tenants.models.tenant import SERVICE_TENANT_ID, Tenant
from tenants.models.tenant_secret import TenantSecret

__all__ = ["SERVICE_TENANT_ID", "ApiKey", "Tenant", "TenantSecret"]
