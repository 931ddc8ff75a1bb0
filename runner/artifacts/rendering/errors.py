"""How a rendering ends without a document. The texts are shown to the agent that asked for it."""

from __future__ import annotations


class RenderingFailed(Exception):
    """There is no PDF; the text says why."""


class RenderingUnavailable(RenderingFailed):
    """This machine cannot render at all."""
