"""The exported network, computed from its file alone, says what torch says."""

import io
import re

import numpy as np
import pytest
import torch

from recipes.acoustic_model.export import acoustic_model
from recipes.acoustic_model.kaldi import Reader
from recipes.acoustic_model.network import Network
from recipes.acoustic_model.syllables import PhoneSet
from recipes.acoustic_model.transitions import Transitions, read_triples

FloatArray = np.ndarray


def read_network(data: bytes) -> tuple[list[str], dict[str, tuple[FloatArray, ...] | str], int]:
    """Configuration lines, components (affines as weight and bias) and left context."""
    reader = Reader(io.BytesIO(data))
    assert reader.raw(2) == b"\0B"
    read_triples(reader)
    reader.token("<Nnet3>")
    reader.line()
    lines = []
    while line := reader.line():
        lines.append(line)
    reader.token("<NumComponents>")
    components: dict[str, tuple[FloatArray, ...] | str] = {}
    for _ in range(reader.int32()):
        reader.token("<ComponentName>")
        name, kind = reader.token(), reader.token()
        if kind == "<FixedAffineComponent>":
            reader.token("<LinearParams>")
            weight = reader.matrix()
            reader.token("<BiasParams>")
            components[name] = (weight, reader.vector())
        elif kind == "<NoOpComponent>":
            reader.token("<Dim>")
            reader.int32()
            reader.token("<BackpropScale>")
            reader.float32()
            components[name] = kind
        else:
            reader.token("<Dim>")
            reader.int32()
            for item in (reader.vector, reader.vector, reader.float64, reader.vector):
                reader.token()
                item()
            for _ in range(3):
                reader.token()
                reader.float64()
            components[name] = kind
        reader.token(kind.replace("<", "</"))
    reader.token("</Nnet3>")
    reader.token("<LeftContext>")
    context = reader.int32()
    reader.token("<RightContext>")
    reader.int32()
    reader.token("<Priors>")
    reader.vector()
    return lines, components, context


def compute(
    lines: list[str], components: dict[str, tuple[FloatArray, ...] | str], frames: FloatArray
) -> FloatArray:
    """Every node at every time, edges repeated."""
    nodes = {"input": frames}

    def at(name: str, offset: int) -> FloatArray:
        times = np.clip(np.arange(len(frames)) + offset, 0, len(frames) - 1)
        return nodes[name][times]

    for line in lines:
        match = re.fullmatch(r"component-node name=(\w+) component=\w+ input=(.*)", line)
        if match is None:
            continue
        name, source = match.groups()
        parts = [
            at(n or plain, int(offset or 0))
            for n, offset, plain in re.findall(
                r"Offset\((\w+), (-?\d+)\)|\b(?!Append|Sum)(\w+)", source
            )
        ]
        x = np.add.reduce(parts) if source.startswith("Sum") else np.concatenate(parts, axis=1)
        match components[name]:
            case (weight, bias):
                nodes[name] = x @ weight.T + bias
            case "<RectifiedLinearComponent>":
                nodes[name] = np.maximum(x, 0)
            case "<LogSoftmaxComponent>":
                nodes[name] = x - np.log(np.exp(x).sum(axis=1, keepdims=True))
            case "<NoOpComponent>":
                nodes[name] = x
    return nodes["softmax"]


def test_the_file_computes_what_the_network_computes() -> None:
    torch.manual_seed(1)
    phone_set = PhoneSet.covering({"ma1", "shi4", "an2"})
    network = Network(24, 8, (1, 2), phone_set.state_count)
    network.mean.copy_(torch.randn(40))
    network.scale.copy_(torch.rand(40) + 0.5)
    for norm in (m for m in network.modules() if isinstance(m, torch.nn.BatchNorm1d)):
        assert norm.running_mean is not None
        assert norm.running_var is not None
        norm.running_mean.normal_()
        norm.running_var.uniform_(0.5, 2.0)
    network.eval()
    frames = torch.randn(120, 40)

    data = acoustic_model(
        network, Transitions(phone_set), np.zeros(phone_set.state_count, np.float32)
    )
    lines, components, context = read_network(data)
    found = compute(lines, components, frames.numpy())

    with torch.inference_mode():
        wanted = network.log_posteriors(frames).numpy()
    assert context == network.context == 4 + 3 * 3
    middle = slice(context, -context)
    assert found[middle] == pytest.approx(wanted[middle], abs=0.1)
    assert (found[middle].argmax(1) == wanted[middle].argmax(1)).mean() > 0.9
