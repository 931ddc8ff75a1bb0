"""App configuration."""

from django.apps import AppConfig


class RoomsConfig(AppConfig):
    """App configuration of rooms."""

    name = "rooms"
    verbose_name = "Rooms"

    def ready(self) -> None:
        """Answer for guests' tokens, and for what the tenants app cannot know about rooms."""
        from agents import hooks as of_agents
        from attestation.tokens import INVITE, SHARE
        from rooms import agent_hooks, capabilities, credentials
        from rooms.api import origin
        from rooms.services import invites
        from tenants import capabilities as tenant_capabilities
        from tenants import hooks
        from tenants.credentials import registry

        origin.check_settings()
        of_agents.register_references(agent_hooks.names)
        of_agents.register_room_key(agent_hooks.key_of)
        of_agents.register_over(agent_hooks.over)
        registry.register(INVITE, credentials.resolve_invite)
        registry.register(SHARE, credentials.resolve_share_link)
        tenant_capabilities.register(capabilities.tokens_of, invites.revoke_by_prefix)
        hooks.on_revoke_capabilities(capabilities.revoke_all)
        hooks.on_clear_seal(capabilities.drop_owner_wraps)
        hooks.answer_visible_tables(capabilities.tables_for)
        hooks.answer_guest_sealed(capabilities.is_sealed)
