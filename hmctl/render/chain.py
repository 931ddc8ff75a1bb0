"""The links from a quote to its source, for people and for programs."""

from attestation.reproduce.links import Chain, Link, LinkOutcome
from hmctl.io import one_line
from hmctl.render import columns

_WIDTH = max(len(outcome.value) for outcome in LinkOutcome)


def text(chain: Chain) -> str:
    """Every link with its outcome, its sentence and what it stands on."""
    return "\n".join(_link(link) for link in chain.links)


def document(chain: Chain, *, service: str, exit_code: int) -> dict[str, object]:
    """The same for programs."""
    links = [
        {
            "name": link.name,
            "outcome": link.outcome.value,
            "code": link.code,
            "sentence": link.sentence,
            "remedy": link.remedy,
            "evidence": dict(link.evidence),
        }
        for link in chain.links
    ]
    return {"service": service, "outcome": chain.outcome.value, "exit": exit_code, "links": links}


def _link(link: Link) -> str:
    lines = [f"{link.outcome.value.upper():<{_WIDTH}}  {link.name}: {one_line(link.sentence)}"]
    if link.evidence:
        pairs = [(one_line(name, width=60), value) for name, value in link.evidence.items()]
        lines += [f"{'':<{_WIDTH}}    {line}" for line in columns.labelled(pairs).split("\n")]
    return "\n".join(lines)
