"""What a query stage may leave: files as they are, and reports. Exists where the room and its mediator allow it."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from aiohttp import web

from runner.artifacts import rules
from runner.artifacts.desk import DeskClosed, Intake, QueryDesk, ReportKept, TooLarge
from runner.bridge import answers
from runner.bridge.content_scan import BadBase64, Base64Decoder, BodyMalformed, ContentScanner, OtherTooLarge
from runner.bridge.errors import Refused
from runner.bridge.stage import LiveStage, stage_of
from runner.llm.problems import Fields, as_object, invalid

UPLOAD, REPORT = "/sandbox/artifact-upload", "/sandbox/report-artifact"
CONTENT = "content_base64"
LARGEST_BODY = -(-rules.LARGEST_BYTES // 3) * 4 + 64 * 1024
CHUNK = 256 * 1024
UPLOADS_AT_ONCE = 2
UPLOAD_SECONDS = 120.0
_NO_CONTENT = "Input should be a valid string"


def routes(desk: QueryDesk) -> list[web.RouteDef]:
    """The routes of a stage that may leave files."""
    turns = asyncio.Semaphore(UPLOADS_AT_ONCE)

    async def upload(request: web.Request) -> web.StreamResponse:
        """Keep one file."""
        stage = stage_of(request)
        async with turns:
            try:
                async with asyncio.timeout(UPLOAD_SECONDS):
                    return answers.json_answer(await _uploaded(request, stage, desk))
            except TimeoutError:
                raise Refused(408, "The upload came too slowly", closes=True) from None
            except TooLarge as error:
                raise Refused(413, str(error), closes=True) from None
            except DeskClosed as error:
                raise Refused(503, str(error)) from None

    async def report(request: web.Request) -> web.StreamResponse:
        """Keep a report as Markdown and as PDF."""
        stage = stage_of(request)
        fields = Fields(await stage.bodies.read_object(request))
        stem = _checked_name(rules.stem_of((fields.text("filename") or "report").strip()) + ".md")[: -len(".md")]
        markdown = fields.required_text("markdown")
        if not markdown:
            raise invalid("string_too_short", fields.at("markdown"), "String should have at least 1 character")
        with_pdf = fields.flag("include_pdf", True) is not False
        if with_pdf:
            _checked_name(f"{stem}.pdf")
        try:
            kept = await stage.workers.run(lambda: desk.add_report(stem, markdown=markdown, with_pdf=with_pdf))
        except TooLarge as error:
            raise Refused(413, str(error)) from None
        except DeskClosed as error:
            raise Refused(503, str(error)) from None
        return answers.json_answer(_report_answer(kept))

    return [web.post(UPLOAD, upload), web.post(REPORT, report)]


async def _uploaded(request: web.Request, stage: LiveStage, desk: QueryDesk) -> dict[str, Any]:
    if request.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise Refused(415, "Request bodies must not be compressed")
    if (request.content_length or 0) > LARGEST_BODY:
        raise TooLarge(f"An artifact has at most {rules.LARGEST_BYTES} bytes")
    scanner = ContentScanner(CONTENT)
    intake = await stage.workers.run(desk.begin)
    try:
        is_base64 = await _take_in(request, stage, scanner, intake)
        other = json.loads(scanner.finish())
    except (BodyMalformed, ValueError, RecursionError):
        raise invalid("json_invalid", ("body", 0), "JSON decode error") from None
    except OtherTooLarge:
        raise Refused(413, "The request body is too large", closes=True) from None
    fields = Fields(as_object(other, loc=("body",)))
    filename = _checked_name(fields.required_text("filename").strip())
    if not scanner.seen:
        raise invalid("missing" if CONTENT not in fields.data else "string_type", fields.at(CONTENT), _NO_CONTENT)
    content_type = fields.text("content_type") or rules.DEFAULT_TYPE
    if not rules.is_content_type(content_type):
        raise invalid("value_error", fields.at("content_type"), "Content types are short and printable")
    if not is_base64:
        raise Refused(400, "content_base64 is not valid base64")
    kept = await stage.workers.run(lambda: intake.finish(filename, content_type=content_type))
    return kept.as_answer()


async def _take_in(request: web.Request, stage: LiveStage, scanner: ContentScanner, intake: Intake) -> bool:
    """Read the whole body and write what it holds; whether that was base64. What is not is read to its end all the
    same: what else may be wrong with the body is said first."""
    decoder, pending, size, is_base64 = Base64Decoder(), bytearray(), 0, True
    async for chunk in request.content.iter_any():
        size += len(chunk)
        if size > LARGEST_BODY:
            raise TooLarge(f"An artifact has at most {rules.LARGEST_BYTES} bytes")
        for piece in scanner.feed(chunk):
            is_base64 = is_base64 and _decode(decoder, piece, pending)
        if is_base64 and len(pending) >= CHUNK:
            await _write(stage, intake, pending)
    if is_base64 and decoder.is_whole:
        await _write(stage, intake, pending)
        return True
    return False


def _decode(decoder: Base64Decoder, piece: bytes, pending: bytearray) -> bool:
    try:
        pending += decoder.feed(piece)
    except BadBase64:
        return False
    return True


async def _write(stage: LiveStage, intake: Intake, pending: bytearray) -> None:
    content = bytes(pending)
    pending.clear()
    await stage.workers.run(lambda: intake.write(content))


def _checked_name(name: str) -> str:
    if not rules.is_name(name):
        text = "Artifact names are up to 128 letters, digits, dots, dashes and underscores"
        raise invalid("value_error", ("body", "filename"), text)
    return name


def _report_answer(kept: ReportKept) -> dict[str, Any]:
    artifacts = [kept.markdown.as_answer()]
    if kept.pdf is not None:
        artifacts.append(kept.pdf.as_answer())
    elif kept.pdf_error:
        artifacts.append({**kept.markdown.as_answer(), "path": "", "size_bytes": 0, "error": kept.pdf_error})
    return {"artifacts": artifacts, "error": None}
