"""Where to draw the boxes of a graph and the lines between them: layers from left to right.

The classic way (Sugiyama): break circles, put each box one layer right of what leads to it, give
long lines a bend in every layer, order each layer by the middle of its neighbours, then push the
boxes towards their neighbours without letting them touch.
"""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

LAYER_GAP = 172.0
"""Between two columns of boxes: room for a line's label."""
BOX_GAP = 26.0
BEND_HEIGHT = 20.0
"""What a line that only passes takes of a layer: room for its label."""
SWEEPS = 24
"""Passes of ordering and of pushing; a script has some dozens of states."""
CENTRING = 0.15
"""How much each push pulls towards the middle of the picture, lest long ways drift off."""

Edge = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Box:
    """A placed box; x and y are its left upper corner."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Layout:
    """The whole picture, in pixels."""

    boxes: Mapping[str, Box]
    lines: Mapping[Edge, tuple[tuple[float, float], ...]]
    """From the right side of one box to the left side of another, through their bends; a line
    that leads back runs from right to left."""
    width: float
    height: float


def arrange(sizes: Mapping[str, tuple[float, float]], edges: Sequence[Edge]) -> Layout:
    """Place boxes of the given width and height; the first one is where everything begins."""
    edges = [edge for edge in dict.fromkeys(edges) if edge[0] != edge[1]]
    back = _back_edges(list(sizes), edges)
    forward = [
        (second, first) if (first, second) in back else (first, second) for first, second in edges
    ]
    layer = _layers(list(sizes), forward)
    columns, chains = _with_bends(layer, forward)
    heights = {
        name: sizes[name][1] if name in sizes else BEND_HEIGHT
        for column in columns
        for name in column
    }
    neighbours = _neighbours(chains)
    _order(columns, neighbours)
    middles = _push(columns, neighbours, heights)
    return _placed(sizes, edges, back, columns, chains, middles)


def _back_edges(names: list[str], edges: list[Edge]) -> set[Edge]:
    """Return the edges that close a circle, found depth first from the first name."""
    follow: dict[str, list[str]] = {name: [] for name in names}
    for first, second in edges:
        follow[first].append(second)
    back: set[Edge] = set()
    open_, done = set[str](), set[str]()

    for root in names:
        waiting = [(root, iter(follow[root]))] if root not in done else []
        open_.update(name for name, _ in waiting)
        while waiting:
            name, rest = waiting[-1]
            target = next(rest, None)
            if target is None:
                waiting.pop()
                open_.discard(name)
                done.add(name)
            elif target in open_:
                back.add((name, target))
            elif target not in done:
                open_.add(target)
                waiting.append((target, iter(follow[target])))
    return back


def _layers(names: list[str], edges: list[Edge]) -> dict[str, int]:
    """Return each box's layer: one more than the last of those that lead to it."""
    layer = dict.fromkeys(names, 0)
    for _ in names:
        for first, second in edges:
            layer[second] = max(layer[second], layer[first] + 1)
    return layer


def _with_bends(
    layer: dict[str, int], edges: list[Edge]
) -> tuple[list[list[str]], dict[Edge, list[str]]]:
    """Return the columns with a bend for each layer that a line passes, and each line's way."""
    columns: list[list[str]] = [[] for _ in range(max(layer.values()) + 1)]
    for name, number in layer.items():
        columns[number].append(name)
    chains: dict[Edge, list[str]] = {}
    for first, second in edges:
        bends = []
        for number in range(layer[first] + 1, layer[second]):
            bends.append(f"{first}\0{second}\0{number}")
            columns[number].append(bends[-1])
        chains[first, second] = [first, *bends, second]
    return columns, chains


def _neighbours(chains: Mapping[Edge, list[str]]) -> dict[str, tuple[list[str], list[str]]]:
    """Return for each name what stands left and right of it on a line."""
    found: dict[str, tuple[list[str], list[str]]] = {}
    for chain in chains.values():
        for left, right in itertools.pairwise(chain):
            found.setdefault(left, ([], []))[1].append(right)
            found.setdefault(right, ([], []))[0].append(left)
    return found


def _order(columns: list[list[str]], neighbours: dict[str, tuple[list[str], list[str]]]) -> None:
    """Sort each column by the middle of its neighbours, to and fro, for fewer crossings."""
    for sweep in range(SWEEPS):
        side = sweep % 2
        numbers = range(1, len(columns)) if side == 0 else range(len(columns) - 2, -1, -1)
        for number in numbers:
            fixed = columns[number - 1 if side == 0 else number + 1]
            place = {name: index / max(len(fixed) - 1, 1) for index, name in enumerate(fixed)}
            column = columns[number]
            own = {name: index / max(len(column) - 1, 1) for index, name in enumerate(column)}

            def middle(
                name: str,
                side: int = side,
                place: dict[str, float] = place,
                own: dict[str, float] = own,
            ) -> float:
                near = [place[each] for each in neighbours.get(name, ([], []))[side]]
                return sum(near) / len(near) if near else own[name]

            column.sort(key=middle)


def _push(
    columns: list[list[str]],
    neighbours: dict[str, tuple[list[str], list[str]]],
    heights: Mapping[str, float],
) -> dict[str, float]:
    """Return the middle of each box: near its neighbours' middles, in order, never touching."""
    middles: dict[str, float] = {}
    for column in columns:
        total = sum(heights[name] + BOX_GAP for name in column)
        top = -total / 2
        for name in column:
            middles[name] = top + heights[name] / 2
            top += heights[name] + BOX_GAP
    for sweep in range(SWEEPS):
        for column in columns if sweep % 2 == 0 else reversed(columns):
            wanted = []
            for name in column:
                near = [middles[each] for side in neighbours.get(name, ([], [])) for each in side]
                middle = sum(near) / len(near) if near else middles[name]
                wanted.append(middle * (1 - CENTRING))
            for name, middle in zip(column, _apart(column, wanted, heights), strict=True):
                middles[name] = middle
    return middles


def _apart(column: list[str], wanted: list[float], heights: Mapping[str, float]) -> list[float]:
    """Return middles near the wanted ones that keep order and distance: the mean of the highest
    and the lowest way to do so.
    """
    steps = [
        (heights[first] + heights[second]) / 2 + BOX_GAP
        for first, second in itertools.pairwise(column)
    ]
    low = list(wanted)
    for index, step in enumerate(steps, 1):
        low[index] = max(low[index], low[index - 1] + step)
    high = list(wanted)
    for index in range(len(steps) - 1, -1, -1):
        high[index] = min(high[index], high[index + 1] - steps[index])
    return [(first + second) / 2 for first, second in zip(low, high, strict=True)]


def _placed(
    sizes: Mapping[str, tuple[float, float]],
    edges: list[Edge],
    back: set[Edge],
    columns: list[list[str]],
    chains: Mapping[Edge, list[str]],
    middles: Mapping[str, float],
) -> Layout:
    lefts: dict[str, float] = {}
    left = 0.0
    widths: dict[str, float] = {}
    for column in columns:
        width = max((sizes[name][0] for name in column if name in sizes), default=0.0)
        for name in column:
            lefts[name], widths[name] = left, width
        left += width + LAYER_GAP
    boxes = {
        name: Box(lefts[name], middles[name] - height / 2, width, height)
        for name, (width, height) in sizes.items()
    }
    top = min(box.y for box in boxes.values())
    top = min(top, *(middles[name] - BEND_HEIGHT for name in middles))
    boxes = {name: Box(b.x, b.y - top, b.width, b.height) for name, b in boxes.items()}
    lines: dict[Edge, tuple[tuple[float, float], ...]] = {}
    for first, second in edges:
        turned = (first, second) in back
        chain = chains[(second, first) if turned else (first, second)]
        points = [(lefts[chain[0]] + sizes[chain[0]][0], middles[chain[0]] - top)]
        for bend in chain[1:-1]:
            points += [
                (lefts[bend], middles[bend] - top),
                (lefts[bend] + widths[bend], middles[bend] - top),
            ]
        points.append((lefts[chain[-1]], middles[chain[-1]] - top))
        lines[first, second] = tuple(reversed(points)) if turned else tuple(points)
    height = max(middles[name] - top + BEND_HEIGHT for name in middles)
    height = max(height, *(box.y + box.height for box in boxes.values()))
    return Layout(boxes, lines, left - LAYER_GAP, height)
