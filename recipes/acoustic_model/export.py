"""Stage `export`: the trained network as Kaldi's `am/final.mdl`, and the `conf` files.

Normalisation of the input and all batch norms are folded into the affines, so that only
affine, ReLU, sum and log-softmax remain. Weights take one byte each.
"""

from dataclasses import dataclass
from typing import cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from recipes.acoustic_model import lexicon, training
from recipes.acoustic_model.config import Config
from recipes.acoustic_model.features import COEFFICIENTS, write_conf
from recipes.acoustic_model.kaldi import BINARY_MARK, Writer
from recipes.acoustic_model.labels import STEP_FRAMES
from recipes.acoustic_model.network import SPLICE, Block, Network
from recipes.acoustic_model.transitions import Transitions

WEIGHT_BITS = 8
FIRST_LAYER_BITS = 16  # its input scales differ widely between coefficients

FloatArray = NDArray[np.float32]

MODEL_CONF = """\
--min-active=200
--max-active=5000
--beam=12.0
--lattice-beam=4.0
--acoustic-scale=0.45
--frame-subsampling-factor=3
--endpoint.silence-phones=1
--endpoint.rule2.min-trailing-silence=0.5
--endpoint.rule3.min-trailing-silence=0.75
--endpoint.rule4.min-trailing-silence=1.0
"""


@dataclass(frozen=True, slots=True)
class Affine:
    """y = weight x + bias."""

    weight: FloatArray
    bias: FloatArray


def run(config: Config) -> None:
    """Write `am` and `conf` of the model folder."""
    network = training.load(config, config.work / "final.pt")
    priors = np.load(config.work / "log_priors.npy").copy()
    priors[0] += np.log(config.graph.silence_prior_scale)
    transitions = Transitions(lexicon.load(config).phone_set())
    (config.model / "am").mkdir(parents=True, exist_ok=True)
    (config.model / "conf").mkdir(parents=True, exist_ok=True)
    (config.model / "am" / "final.mdl").write_bytes(acoustic_model(network, transitions, priors))
    write_conf(config.model / "conf" / "mfcc.conf")
    (config.model / "conf" / "model.conf").write_text(MODEL_CONF, "utf-8")


def acoustic_model(network: Network, transitions: Transitions, priors: FloatArray) -> bytes:
    """The whole of `final.mdl`."""
    writer = Writer()
    writer.raw(BINARY_MARK)
    transitions.write(writer)
    lines, components = _layout(network)
    writer.token("<Nnet3>")
    writer.raw(("\n" + "\n".join(lines) + "\n\n").encode())
    writer.token("<NumComponents>")
    writer.int32(len(components))
    for name, component in components:
        writer.token("<ComponentName>")
        writer.token(name)
        match component:
            case Affine():
                bits = FIRST_LAYER_BITS if name == "affine0" else WEIGHT_BITS
                _write_affine(writer, component, bits)
            case ("NoOp", int(size)):
                _write_noop(writer, size)
            case (str(kind), int(size)):
                _write_nonlinear(writer, kind, size)
    writer.token("</Nnet3>")
    writer.token("<LeftContext>")
    writer.int32(network.context)
    writer.token("<RightContext>")
    writer.int32(network.context)
    writer.token("<Priors>")
    writer.vector(np.exp(priors).astype(np.float32))
    return bytes(writer.data)


Component = Affine | tuple[str, int]


def _layout(network: Network) -> tuple[list[str], list[tuple[str, Component]]]:
    """Configuration lines and components of the folded network."""
    hidden = network.first.out_features
    spliced = ", ".join(f"Offset(input, {t})" for t in range(-SPLICE, SPLICE + 1))
    lines = [f"input-node name=input dim={COEFFICIENTS}"]
    components: list[tuple[str, Component]] = []

    def add(name: str, source: str, component: Component) -> str:
        lines.append(f"component-node name={name} component={name} input={source}")
        components.append((name, component))
        return name

    current = add("affine0", f"Append({spliced})", _first(network))
    current = add("relu0", current, ("RectifiedLinear", hidden))
    for i, module in enumerate(network.blocks, 1):
        block = cast(Block, module)
        k = block.stride * STEP_FRAMES
        source = f"Append(Offset({current}, {-k}), {current}, Offset({current}, {k}))"
        linear = _array(block.linear.weight)
        y = add(f"linear{i}", source, Affine(linear, np.zeros(len(linear), np.float32)))
        y = add(f"affine{i}", y, _fold(block.affine, block.norm))
        y = add(f"relu{i}", y, ("RectifiedLinear", hidden))
        current = add(f"sum{i}", f"Sum({current}, {y})", ("NoOp", hidden))
    last = Affine(_array(network.last.weight), _array(network.last.bias))
    current = add("last", current, last)
    current = add("softmax", current, ("LogSoftmax", len(last.bias)))
    lines.append(f"output-node name=output input={current} objective=linear")
    return lines, components


def _array(tensor: torch.Tensor) -> FloatArray:
    return tensor.detach().cpu().float().numpy()


def _fold(affine: nn.Linear, norm: nn.BatchNorm1d) -> Affine:
    """Batch norm after an affine is another affine."""
    assert norm.running_mean is not None
    assert norm.running_var is not None
    scale = _array(norm.weight) / np.sqrt(_array(norm.running_var) + norm.eps)
    shift = _array(norm.bias) - scale * _array(norm.running_mean)
    weight, bias = _array(affine.weight), _array(affine.bias)
    return Affine((weight * scale[:, None]).astype(np.float32), bias * scale + shift)


def _first(network: Network) -> Affine:
    """The first affine with the normalisation of its input, frame after frame."""
    folded = _fold(network.first, network.first_norm)
    repeats = 2 * SPLICE + 1
    mean = np.tile(_array(network.mean), repeats)
    scale = np.tile(_array(network.scale), repeats)
    weight = folded.weight * scale
    return Affine(weight.astype(np.float32), (folded.bias - weight @ mean).astype(np.float32))


def _write_affine(writer: Writer, affine: Affine, bits: int) -> None:
    writer.token("<FixedAffineComponent>")
    writer.token("<LinearParams>")
    writer.matrix(affine.weight, bits)
    writer.token("<BiasParams>")
    writer.vector(affine.bias)
    writer.token("</FixedAffineComponent>")


def _write_noop(writer: Writer, size: int) -> None:
    writer.token("<NoOpComponent>")
    writer.token("<Dim>")
    writer.int32(size)
    writer.token("<BackpropScale>")
    writer.float32(1.0)
    writer.token("</NoOpComponent>")


def _write_nonlinear(writer: Writer, kind: str, size: int) -> None:
    nothing = np.zeros(0, np.float32)
    writer.token(f"<{kind}Component>")
    writer.token("<Dim>")
    writer.int32(size)
    for name in ("<ValueAvg>", "<DerivAvg>"):
        writer.token(name)
        writer.vector(nothing)
    writer.token("<Count>")
    writer.float64(0.0)
    writer.token("<OderivRms>")
    writer.vector(nothing)
    for name in ("<OderivCount>", "<NumDimsSelfRepaired>", "<NumDimsProcessed>"):
        writer.token(name)
        writer.float64(0.0)
    writer.token(f"</{kind}Component>")
