"""A script's flow as a picture: Mermaid text, or an SVG that needs nothing else."""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape

from voicebot.dialogue.flow import exits, returns, transition_exits
from voicebot.dialogue.layout import Layout, arrange
from voicebot.dialogue.script import PLACE, RETURN, EndReason, Listen, Script, State

ANYWHERE = "anywhere"
"""The box that stands for every listening state at once."""

BOX_WIDTH = 212.0
LINE_HEIGHT = 17.0
MARGIN = 32.0
HEAD = 56.0
"""Above the flow, for the script's title."""
PROMPT_CHARACTERS = 15
"""Full-width characters on one line of a box."""
PROMPT_LINES = 2
SHOWN_LABELS = 2

_FONT = "'Noto Sans CJK SC','PingFang SC','Microsoft YaHei','Source Han Sans SC',sans-serif"
_INK, _QUIET, _LINE = "#1f2933", "#616e7c", "#9aa5b1"
_END_COLOURS = {
    EndReason.FINISHED: ("#e3f8ec", "#2f855a"),
    EndReason.TRANSFERRED: ("#e6f0fd", "#2b6cb0"),
    EndReason.CALL_LATER: ("#fdf5dc", "#b7791f"),
    EndReason.OPTED_OUT: ("#fde8e8", "#c53030"),
}
_FAILED_END = ("#f1f3f5", "#7b8794")
_STATE, _FREE, _SPEAKS = ("#ffffff", "#3e4c59"), ("#f3ecfd", "#6b46c1"), ("#ffffff", "#9aa5b1")
_ASKS, _FORM = ("#e6fffa", "#2c7a7b"), ("#ffffff", "#6b46c1")
_SHARED = ("#fff7ed", "#c05621")


@dataclass(frozen=True, slots=True)
class Link:
    """Everything that leads from one box to another."""

    source: str
    target: str
    labels: tuple[str, ...]

    @property
    def quiet(self) -> bool:
        """Whether only silence, misunderstanding or a failure leads there."""
        return set(self.labels) <= {"no_input", "no_match", "failed", "annoyed"}


def links(script: Script) -> list[Link]:
    """Return the drawn lines; what holds in every state starts from the box `anywhere`."""
    found: dict[tuple[str, str], list[str]] = {}
    for state in script.states.values():
        for each in exits(script, state, shared=False):
            found.setdefault((state.name, each.target), []).append(
                f"{each.label} ⤵" if each.call else each.label
            )
    shared = [(intent, head) for intent, head in script.anywhere.items()]
    shared += [("no_input", script.no_input.then), ("no_match", script.no_match.then)]
    if script.emotion is not None and script.emotion.then is not None:
        shared.append(("annoyed", script.emotion.then))
    for label, head in shared:
        for each in transition_exits(label, head, ANYWHERE, ""):
            shown = f"{label} ⤵" if each.call else label
            found.setdefault((ANYWHERE, each.target), []).append(shown)
    return [
        Link(*pair, tuple(dict.fromkeys(labels)))
        for pair, labels in found.items()
        if pair[1] != RETURN
    ]


def to_mermaid(script: Script) -> str:
    """Return the flow as a Mermaid flowchart."""
    lines = ["flowchart LR", f"  %% {script.name} {script.version}: {script.title}"]
    for state in script.states.values():
        text = _quoted(f"{state.name}<br/>{_short(_said(script, state), 30)}")
        shape = f'(["{text}"])' if state.end else f'["{text}"]'
        lines.append(f"  s_{state.name}{shape}")
    lines.append(f'  {ANYWHERE}{{{{"{ANYWHERE}"}}}}')
    for link in links(script):
        arrow = "-.->" if link.quiet else "-->"
        source, target = (
            name if name == ANYWHERE else f"s_{name}" for name in (link.source, link.target)
        )
        lines.append(f'  {source} {arrow}|"{_quoted(", ".join(link.labels))}"| {target}')
    for reason in EndReason:
        names = [f"s_{state.name}" for state in script.states.values() if state.end is reason]
        if names:
            fill, stroke = _END_COLOURS.get(reason, _FAILED_END)
            lines.append(f"  classDef {reason} fill:{fill},stroke:{stroke}")
            lines.append(f"  class {','.join(names)} {reason}")
    return "\n".join(lines) + "\n"


def to_svg(script: Script) -> str:
    """Return the flow as a self-contained SVG."""
    drawn = links(script)
    texts = {
        ANYWHERE: ["understood in every state"],
        **{
            state.name: _lines(said) if (said := _said(script, state)) else []
            for state in script.states.values()
        },
    }
    loops = {link.source: link.labels for link in drawn if link.source == link.target}
    sizes: dict[str, tuple[float, float]] = {}
    for name in (script.start, ANYWHERE, *script.states):
        rows = 1 + len(texts[name]) + len(_loop_lines(loops.get(name, ())))
        rows += name != ANYWHERE and _footer(script, script.states[name]) is not None
        sizes[name] = (BOX_WIDTH, rows * LINE_HEIGHT + 16)
    layout = arrange(sizes, [(link.source, link.target) for link in drawn])
    width, height = layout.width + 2 * MARGIN, layout.height + 2 * MARGIN + HEAD
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height:.0f}" '
        f'viewBox="0 0 {width:.0f} {height:.0f}" font-family="{_FONT}" font-size="12">',
        f"<title>{escape(script.title)}</title>",
        '<defs><marker id="arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" '
        f'markerHeight="7" orient="auto"><path d="M0 0L8 4L0 8z" fill="{_LINE}"/></marker></defs>',
        '<rect width="100%" height="100%" fill="#fbfbfa"/>',
        _text(MARGIN, MARGIN + 14, script.title, size=20, weight=600),
        _text(MARGIN, MARGIN + 36, f"{script.name} {script.version}", colour=_QUIET),
        f'<g transform="translate({MARGIN:.0f} {MARGIN + HEAD:.0f})">',
    ]
    shown = [link for link in drawn if link.source != link.target]
    parts += [_curve(layout, link) for link in shown]
    parts += [_label(layout, link) for link in shown if link.labels != ("next",)]
    for name in sizes:
        parts += _box(script, layout, name, texts[name], _loop_lines(loops.get(name, ())))
    return "\n".join([*parts, "</g>", "</svg>"]) + "\n"


def _box(
    script: Script, layout: Layout, name: str, texts: list[str], loops: list[str]
) -> Iterator[str]:
    box = layout.boxes[name]
    state = script.states.get(name)
    fill, stroke = _SHARED if state is None else _colours(state)
    radius = 16 if state is not None and state.end else 7
    dash = ' stroke-dasharray="5 4"' if state is None else ""
    bold = 2.5 if name == script.start else 1.4
    yield (
        f'<rect x="{box.x:.1f}" y="{box.y:.1f}" width="{box.width:.0f}" height="{box.height:.0f}" '
        f'rx="{radius}" fill="{fill}" stroke="{stroke}" stroke-width="{bold}"{dash}/>'
    )
    y = box.y + 21
    yield _text(box.x + 13, y, name, weight=600, colour=stroke if stroke != _LINE else _INK)
    for text in texts:
        y += LINE_HEIGHT
        yield _text(box.x + 13, y, text)
    for text in loops:
        y += LINE_HEIGHT
        yield _text(box.x + 13, y, text, size=11, colour=_QUIET)
    footer = None if state is None else _footer(script, state)
    if footer is not None:
        yield _text(box.x + 13, y + LINE_HEIGHT, footer, size=11, colour=stroke)


def _footer(script: Script, state: State) -> str | None:
    """Return what a box says under its prompt: how the call ends, what is done or asked for."""
    if state.end is not None:
        return f"■ {state.end}"
    if state.do is not None:
        return f"⚙ {state.do}{' ↩ return' if returns(script, state) else ''}"
    if state.form:
        return _short(f"☰ {', '.join(state.form)}", PROMPT_CHARACTERS + 3)
    return "↩ return" if returns(script, state) else None


def _colours(state: State) -> tuple[str, str]:
    if state.end is not None:
        return _END_COLOURS.get(state.end, _FAILED_END)
    if state.do is not None:
        return _ASKS
    if not state.listens:
        return _SPEAKS
    if state.form:
        return _FORM
    return _FREE if state.listen is Listen.FREE else _STATE


def _curve(layout: Layout, link: Link) -> str:
    points = layout.lines[link.source, link.target]
    path = f"M{points[0][0]:.1f} {points[0][1]:.1f}"
    for (x, y), (right, down) in itertools.pairwise(points):
        bend = (right - x) / 2
        path += f"C{x + bend:.1f} {y:.1f} {right - bend:.1f} {down:.1f} {right:.1f} {down:.1f}"
    dash = ' stroke-dasharray="4 4"' if link.quiet else ""
    return (
        f'<path d="{path}" fill="none" stroke="{_LINE}" stroke-width="1.3"{dash} '
        'marker-end="url(#arrow)"/>'
    )


def _label(layout: Layout, link: Link) -> str:
    """Write the intents in the middle of the last gap, where lines have fanned out."""
    points = layout.lines[link.source, link.target]
    (x, y), (right, down) = points[:2] if len(points) > 2 else points[-2:]
    # A line that bends has its own height right before the bend; a short one in its middle.
    share = 0.5 if len(points) == 2 else 0.72
    at_x, at_y = x + (right - x) * share, y + (down - y) * (0.5 if len(points) == 2 else 0.9)
    text = ", ".join(link.labels[:SHOWN_LABELS])
    if len(link.labels) > SHOWN_LABELS:
        text += f" +{len(link.labels) - SHOWN_LABELS}"
    halo = 'paint-order="stroke" stroke="#fbfbfa" stroke-width="4" stroke-linejoin="round"'
    return (
        f'<text x="{at_x:.1f}" y="{at_y + 4:.1f}" text-anchor="middle" font-size="11" '
        f'fill="{_QUIET}" {halo}>{escape(text)}<title>{", ".join(link.labels)}</title></text>'
    )


def _text(
    x: float, y: float, text: str, *, size: int = 12, weight: int = 400, colour: str = _INK
) -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" font-weight="{weight}" '
        f'fill="{colour}">{escape(text)}</text>'
    )


def _said(script: Script, state: State) -> str:
    """Return a state's first wording, or the first question of its form, with examples in the
    places of variables.
    """
    examples = {name: each.example for name, each in script.variables.items()}
    wordings = state.prompt.wordings
    if not wordings and state.form:
        wordings = script.slots[state.form[0]].ask.wordings
    text = wordings[0].text if wordings else ""
    return PLACE.sub(lambda place: examples.get(place[1], f"〔{place[1]}〕"), text)


def _lines(said: str) -> list[str]:
    """Return the beginning of what a state says, broken for its box."""
    text = _short(said, PROMPT_CHARACTERS * PROMPT_LINES)
    found = [""]
    for character in text:
        if _width(found[-1] + character) > PROMPT_CHARACTERS and character not in "，。？！、…":
            found.append("")
        found[-1] += character
    return found


def _loop_lines(labels: tuple[str, ...]) -> list[str]:
    """Return the intents that stay in a box, two on a line."""
    pairs = [", ".join(labels[start : start + 2]) for start in range(0, len(labels), 2)]
    return [f"↺ {pair}" for pair in pairs]


def _short(text: str, characters: int) -> str:
    """Return as much of `text` as `characters` full-width ones take."""
    kept = ""
    for character in text:
        if _width(kept + character) > characters - 1:
            return f"{kept}…"
        kept += character
    return kept


def _width(text: str) -> float:
    """Return the width in full-width characters."""
    return sum(0.55 if character.isascii() else 1.0 for character in text)


def _quoted(text: str) -> str:
    return text.replace('"', "#quot;").replace("{", "#123;").replace("}", "#125;")
