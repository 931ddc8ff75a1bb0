"""`python -m tests.hostile`: write docs/security.md from the corpora."""

from pathlib import Path

from tests.hostile import page

PAGE = Path(__file__).resolve().parents[2] / "docs" / "security.md"

if __name__ == "__main__":
    PAGE.write_text(page.render(), encoding="utf-8")
