"""Makes the pictures of docs/operator.md again, on a service of its own that is gone afterwards.

    .venv/bin/python -m tests.pictures [--into docs/pictures] [--port 8331] [--only home prices]

Needs Chromium, and Playwright and Pillow in the environment. They differ from time to time in ids and dates only.
"""

import argparse
from pathlib import Path

from tests.pictures import service

PICTURES = service.ROOT / "docs" / "pictures"


def main() -> None:
    """Fill a service, walk through it, leave the pictures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--into", type=Path, default=PICTURES)
    parser.add_argument("--port", type=int, default=8331)
    parser.add_argument("--only", nargs="*", default=[], help="chapters of the album; signing in happens always")
    options = parser.parse_args()
    options.into.mkdir(parents=True, exist_ok=True)
    with service.databases():
        from tests.pictures import album, proof, story
        from tests.pictures.camera import camera

        with proof.guest_agent():
            told = story.fill()
            with service.web(options.port) as base, camera(base, options.into) as window:
                for name, chapter in album.CHAPTERS.items():
                    if name == "access" or not options.only or name in options.only:
                        chapter(window, told)
                        print(name, flush=True)


if __name__ == "__main__":
    main()
