"""`python -m hmctl`."""

from hmctl.cli import main

if __name__ == "__main__":
    main()
