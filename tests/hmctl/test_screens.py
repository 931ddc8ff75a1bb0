"""On a screen nothing that is somebody else's is obeyed; in a pipe an answer stays what it is."""

import os
import pty
import subprocess
import sys

import pytest

HOSTILE = "\x1b[2J\x1b]0;title\x07\x9b31m\u202eright\u202c\rover\x00\U000e0041"
PRINT = """
import sys
from hmctl.io import Terminal
text = sys.argv[1]
{call}
"""
CALLS = {
    "an answer": "Terminal().answer(text)",
    "a file": "Terminal().file(text.encode())",
    "data": "Terminal().data(text)",
    "a document": "Terminal().document({'text': text})",
    "a warning": "Terminal().warn(text)",
    "a question": "Terminal().confirm(text, otherwise='')",
    "an error": "from hmctl.errors import BadAnswer; Terminal().show_error(BadAnswer(text, hint=text))",
}


def _printed(call: str, *, on_screen: bool) -> str:
    """What the call prints with all three streams on a terminal, or stdout in a pipe."""
    text = HOSTILE.replace("\x00", "\x01")  # no argument holds a NUL
    command = [sys.executable, "-c", PRINT.format(call=call), text]
    if not on_screen:
        return subprocess.run(command, capture_output=True, check=False, stdin=subprocess.DEVNULL).stdout.decode()
    ours, theirs = pty.openpty()
    running = subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs)
    os.write(ours, b"n\n")
    os.close(theirs)
    told = bytearray()
    while True:
        try:
            part = os.read(ours, 65536)
        except OSError:  # the other end is closed
            break
        if not part:
            break
        told += part
    running.wait(timeout=30)
    os.close(ours)
    return told.decode()


@pytest.mark.parametrize("name", CALLS)
def test_a_screen_obeys_nothing_of_somebody_else(name: str) -> None:
    told = _printed(CALLS[name], on_screen=True)

    assert "title" in told and "right" in told
    for start in ("\x1b[2J", "\x1b]", "\x07", "\x9b", "\u202e", "\rover", "\x01", "\U000e0041"):
        assert start not in told, repr(told)


@pytest.mark.parametrize("name", ["an answer", "a file"])
def test_a_pipe_gets_what_was_asked_for(name: str) -> None:
    assert _printed(CALLS[name], on_screen=False).removesuffix("\n") == HOSTILE.replace("\x00", "\x01")
