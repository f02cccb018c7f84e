"""A finished model read back into a network, so that training can go on from it.

In `final.mdl` batch norm is folded into the affines. Each norm is given back the mean and the
spread that its input has on real frames: it then changes nothing, and trains as before.
"""

from pathlib import Path
from typing import cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from recipes.acoustic_model.kaldi import BINARY_MARK, KaldiFormatError, Reader
from recipes.acoustic_model.network import Block, Network
from recipes.acoustic_model.syllables import PhoneSet, states_of
from recipes.acoustic_model.transitions import read_triples

FloatArray = NDArray[np.float32]
Affines = dict[str, tuple[FloatArray, FloatArray]]


def read_affines(path: Path) -> Affines:
    """Weight and bias of every affine of an `am/final.mdl` that `export` wrote.

    Raises:
        KaldiFormatError: it is damaged, or of another kind.
    """
    with path.open("rb") as file:
        reader = Reader(file)
        if reader.raw(len(BINARY_MARK)) != BINARY_MARK:
            raise KaldiFormatError(f"{path.name}: not a binary Kaldi model")
        read_triples(reader)
        reader.token("<Nnet3>")
        reader.line()
        while reader.line():
            pass
        reader.token("<NumComponents>")
        found: Affines = {}
        for _ in range(reader.int32()):
            reader.token("<ComponentName>")
            name, kind = reader.token(), reader.token()
            if kind == "<FixedAffineComponent>":
                reader.token("<LinearParams>")
                weight = reader.matrix()
                reader.token("<BiasParams>")
                found[name] = (weight, reader.vector())
            else:
                _pass_over(reader, kind)
            reader.token(kind.replace("<", "</"))
    return found


def _pass_over(reader: Reader, kind: str) -> None:
    reader.token("<Dim>")
    reader.int32()
    if kind == "<NoOpComponent>":
        reader.token("<BackpropScale>")
        reader.float32()
        return
    for item in (reader.vector, reader.vector, reader.float64, reader.vector):
        reader.token()
        item()
    for _ in range(3):
        reader.token()
        reader.float64()


def restore(network: Network, affines: Affines, frames: Tensor) -> None:
    """Give a network of the same size the weights of a finished one.

    Args:
        frames: (batch, n, 40), on which the norms are measured.

    Raises:
        KaldiFormatError: the sizes differ.
    """
    _set(network.first, affines, "affine0")
    for i, module in enumerate(network.blocks, 1):
        block = cast(Block, module)
        _set(block.linear, affines, f"linear{i}")
        _set(block.affine, affines, f"affine{i}")
    _set(network.last, affines, "last")
    network.mean.zero_()  # folded into affine0
    network.scale.fill_(1.0)
    norms = [m for m in network.modules() if isinstance(m, nn.BatchNorm1d)]
    for norm in norms:
        _make_transparent(norm, torch.zeros(norm.num_features), torch.ones(norm.num_features))
    inputs: dict[nn.Module, Tensor] = {}

    def keep(norm: nn.Module, given: tuple[Tensor, ...], _: Tensor) -> None:
        inputs[norm] = given[0]

    hooks = [norm.register_forward_hook(keep) for norm in norms]
    with torch.inference_mode():
        network.eval()(frames)
    for hook in hooks:
        hook.remove()
    for norm in norms:
        _make_transparent(norm, inputs[norm].mean(0).clone(), inputs[norm].var(0).clone())


def read_phones(folder: Path) -> tuple[str, ...]:
    """The phones of a finished model in the order of its outputs, without word positions.

    Raises:
        KaldiFormatError: the model does not say.
    """
    path = folder / "graph" / "phones.txt"
    if not path.is_file():
        raise KaldiFormatError(f"{folder.name}: graph/phones.txt is missing")
    names = [line.split()[0].split("@")[0] for line in path.read_text("utf-8").splitlines()[1:]]
    return tuple(dict.fromkeys(names))


def with_outputs(affines: Affines, old: tuple[str, ...], phones: PhoneSet) -> Affines:
    """The last affine with the outputs of another lexicon's phones.

    A phone that the finished model lacks, such as a rare final in the neutral tone, begins as
    the mean of the same final in other tones.
    """
    weight, bias = affines["last"]
    if len(bias) != sum(states_of(p) for p in old):
        raise KaldiFormatError(f"last has {len(bias)} outputs, not those of graph/phones.txt")
    first = PhoneSet(old).first_states()
    rows: list[list[int]] = []
    for phone in phones.phones:
        alike = [phone] if phone in first else [p for p in old if p[:-1] == phone[:-1]]
        if not alike:
            raise KaldiFormatError(f"{phone}: the finished model has nothing like it")
        rows += [[first[p] + state for p in alike] for state in range(states_of(phone))]
    new_weight = np.stack([weight[row].mean(0) for row in rows])
    new_bias = np.array([bias[row].mean() for row in rows], np.float32)
    return {**affines, "last": (new_weight.astype(np.float32), new_bias)}


def _set(layer: nn.Linear, affines: Affines, name: str) -> None:
    if name not in affines:
        raise KaldiFormatError(f"{name} is missing: a model of another size")
    weight, bias = affines[name]
    if tuple(weight.shape) != tuple(layer.weight.shape):
        raise KaldiFormatError(
            f"{name} is {weight.shape}, wanted {tuple(layer.weight.shape)}: a model of another size"
        )
    with torch.no_grad():
        layer.weight.copy_(torch.from_numpy(weight.copy()))
        if layer.bias is not None:
            layer.bias.copy_(torch.from_numpy(bias.copy()))


def _make_transparent(norm: nn.BatchNorm1d, mean: Tensor, variance: Tensor) -> None:
    assert norm.running_mean is not None
    assert norm.running_var is not None
    norm.running_mean.copy_(mean)
    norm.running_var.copy_(variance)
    with torch.no_grad():
        norm.weight.copy_(torch.sqrt(variance + norm.eps))
        norm.bias.copy_(mean)
