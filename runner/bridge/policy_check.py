"""What only the scope stage may ask: whether row policies can be in force, and what would be visible then."""

from __future__ import annotations

from aiohttp import web

from runner.bridge import answers
from runner.bridge.sessions import ScopeVerifier
from runner.bridge.stage import stage_of


def routes(verify: ScopeVerifier) -> list[web.RouteDef]:
    """The route that tries row policies out."""

    async def verify_row_policies(request: web.Request) -> web.StreamResponse:
        """Put the policies in force for a moment, on the room's own tables, and count."""
        stage = stage_of(request)
        asked = await stage.bodies.read_object(request)
        return answers.encoded_answer(await stage.workers.run(lambda: answers.encoded(verify(asked))))

    return [web.post("/sandbox/verify_row_policies", verify_row_policies)]
