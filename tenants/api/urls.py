"""Routes of this app under /v1."""

from django.urls import path

from tenants.api.views.admin_databases import MigrateToRolesView, RegisterTenantView, RenameDatabaseView
from tenants.api.views.admin_tenants import AdminTenantsView, AdminTenantView, RenameTenantView, ResetKeyView
from tenants.api.views.identity import SchemaView, WhoamiView
from tenants.api.views.keys import RotateKeyView, UnsealView
from tenants.api.views.service import HealthView, HealthzView
from tenants.api.views.sql import SqlView
from tenants.api.views.tokens import TokensView, TokenView

urlpatterns = [
    path("healthz", HealthzView.as_view()),
    path("health", HealthView.as_view()),
    path("whoami", WhoamiView.as_view()),
    path("admin/schema", SchemaView.as_view()),
    path("admin/tenants", AdminTenantsView.as_view()),
    path("admin/tenants/register", RegisterTenantView.as_view()),
    path("admin/tenants/<str:tenant_id>", AdminTenantView.as_view()),
    path("admin/tenants/<str:tenant_id>/reset-key", ResetKeyView.as_view()),
    path("admin/tenants/<str:tenant_id>/rename", RenameTenantView.as_view()),
    path("admin/rename-database", RenameDatabaseView.as_view()),
    path("admin/migrate-to-roles", MigrateToRolesView.as_view()),
    path("tenant/rotate-key", RotateKeyView.as_view()),
    path("tenant/unseal", UnsealView.as_view()),
    path("tenant/sql", SqlView.as_view()),
    path("tenant/tokens", TokensView.as_view()),
    path("tenant/tokens/<str:token_id>", TokenView.as_view()),
]
