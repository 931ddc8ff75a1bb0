"""What a mediator that judges files may do with those that wait. Exists for no other mediator."""

from __future__ import annotations

from collections.abc import Callable

from aiohttp import web

from runner.artifacts.desk import DeskClosed, JudgeDesk, NoSuchFile, NotText, TooLarge
from runner.bridge import answers
from runner.bridge.errors import Refused
from runner.bridge.stage import stage_of
from runner.llm.problems import Fields, invalid

FILES = "/sandbox/artifacts"


def routes(desk: JudgeDesk) -> list[web.RouteDef]:
    """The routes of a mediator that judges."""

    async def listing(_request: web.Request) -> web.StreamResponse:
        """What waits."""
        return answers.json_answer({"artifacts": list(desk.listing())})

    async def withhold(request: web.Request) -> web.StreamResponse:
        """Remove a file."""
        name = request.match_info["name"]
        return await _decided(request, lambda: {"withheld": list(desk.withhold(name)), "error": None})

    async def replace(request: web.Request) -> web.StreamResponse:
        """Put other text in the place of a file's."""
        fields = Fields(await stage_of(request).bodies.read_object(request))
        text, name = fields.required_text("text"), request.match_info["name"]
        return await _decided(request, lambda: {"artifacts": list(desk.replace(name, text=text)), "error": None})

    return [
        web.get(FILES, listing),
        web.post(FILES + "/{name}/withhold", withhold),
        web.post(FILES + "/{name}/replace", replace),
    ]


async def _decided(request: web.Request, decide: Callable[[], object]) -> web.Response:
    try:
        return answers.json_answer(await stage_of(request).workers.run(decide))
    except NoSuchFile as error:
        raise Refused(404, str(error)) from None
    except NotText as error:
        raise invalid("value_error", ("path", "name"), str(error)) from None
    except TooLarge as error:
        raise Refused(413, str(error)) from None
    except DeskClosed as error:
        raise Refused(503, str(error)) from None
