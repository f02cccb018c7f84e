"""Which campaign answers which number.

routes:
  - called: "4001"                   # the number as the trunk names it; * is any other
    campaign: campaigns/support      # from this file's place
    transfer_to: sip:1000@192.0.2.20 # where 转人工 goes; without it the call just ends
    variables: {shop: 山谷咖啡}
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from voicebot.dialogue.document import Value, parse
from voicebot.errors import BadInput, BadScript, Problem

ANY_NUMBER = "*"


@dataclass(frozen=True, slots=True)
class Route:
    """One line of the table."""

    called: str
    campaign: Path
    transfer_to: str | None = None
    variables: Mapping[str, str] = field(default_factory=dict)


def load_routes(path: Path) -> tuple[Route, ...]:
    """Read a route table. Raises `BadInput` with every fault."""
    try:
        data = path.read_bytes()
    except OSError as error:
        what = f"cannot be read: {error.strerror}"
        raise BadInput(Problem(str(path), what, hint="check the path")) from error
    try:
        root = parse(data, str(path))
    except BadScript as error:
        raise BadInput(*error.problems) from error
    fields = root.fields(required=("routes",))
    values = fields["routes"].items() if "routes" in fields else []
    routes = [_route(value, path.parent) for value in values]
    first: dict[str, int] = {}
    for value, route in zip(values, routes, strict=True):
        line = root.document.line(value.path) or 0
        if route.called and first.setdefault(route.called, line) != line:
            value.report(f'"{route.called}" is routed twice, first on line {first[route.called]}')
    if root.document.problems:
        raise BadInput(*root.document.problems)
    return tuple(routes)


def _route(value: Value, folder: Path) -> Route:
    fields = value.fields(required=("called", "campaign"), optional=("transfer_to", "variables"))
    texts = {name: each.text() for name, each in fields.items() if name != "variables"}
    transfer_to = texts.get("transfer_to")
    if transfer_to is not None and not transfer_to.startswith("sip:"):
        fields["transfer_to"].report(f'"{transfer_to}" is no SIP address', "write sip:USER@HOST")
    variables = fields["variables"].entries() if "variables" in fields else {}
    return Route(
        texts.get("called", ""),
        folder / texts.get("campaign", ""),
        transfer_to,
        {name: each.text() for name, each in variables.items()},
    )


def find_route(routes: Sequence[Route], called: str) -> Route | None:
    """Return the route of a number, else that of any number."""
    by_number = {route.called: route for route in routes}
    return by_number.get(called) or by_number.get(ANY_NUMBER)
