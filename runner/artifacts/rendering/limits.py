"""What one rendering may take."""

from __future__ import annotations

from dataclasses import dataclass

MIB = 1024 * 1024


@dataclass(frozen=True)
class RenderLimits:
    """Bounds of one rendering, all enforced from outside the code that reads the Markdown, except for the pages."""

    max_chars: int = 1_000_000
    max_pages: int = 300
    max_pdf_bytes: int = 25 * MIB
    memory_bytes: int = 768 * MIB
    cpu_seconds: int = 20
    wall_seconds: float = 25.0
    turn_seconds: float = 8.0
