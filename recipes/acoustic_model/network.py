"""The acoustic network: a factored time-delay network evaluated every 30 ms.

Nine frames are spliced into one affine; residual blocks follow, each a linear bottleneck over
three times 3k frames apart, an affine, batch norm and ReLU; then log-softmax. Only what Kaldi
components can express: batch norm folds into the affine before it (see export).
"""

from collections.abc import Sequence
from typing import cast

import torch
from torch import Tensor, nn

from recipes.acoustic_model.features import COEFFICIENTS
from recipes.acoustic_model.labels import STEP_FRAMES

SPLICE = 4  # frames on each side


class Block(nn.Module):
    """Residual block over outputs at -k, 0 and +k steps of 30 ms."""

    def __init__(self, hidden: int, bottleneck: int, stride: int) -> None:
        super().__init__()
        self.stride = stride
        self.linear = nn.Linear(3 * hidden, bottleneck, bias=False)
        self.affine = nn.Linear(bottleneck, hidden)
        self.norm = nn.BatchNorm1d(hidden)

    def forward(self, x: Tensor) -> Tensor:
        """(batch, time, hidden) -> shorter by 2k."""
        k = self.stride
        middle = x[:, k:-k]
        spliced = torch.cat((x[:, : -2 * k], middle, x[:, 2 * k :]), dim=2)
        y = self.affine(self.linear(spliced))
        y = self.norm(y.flatten(0, 1)).view_as(y)
        return middle + torch.relu(y)


class Network(nn.Module):
    """MFCC frames in, one log posterior per state every third frame out."""

    mean: Tensor
    scale: Tensor

    def __init__(self, hidden: int, bottleneck: int, strides: Sequence[int], states: int) -> None:
        super().__init__()
        width = (2 * SPLICE + 1) * COEFFICIENTS
        self.register_buffer("mean", torch.zeros(COEFFICIENTS))
        self.register_buffer("scale", torch.ones(COEFFICIENTS))
        self.first = nn.Linear(width, hidden)
        self.first_norm = nn.BatchNorm1d(hidden)
        self.blocks = nn.ModuleList(Block(hidden, bottleneck, k) for k in strides)
        self.last = nn.Linear(hidden, states)

    @property
    def context(self) -> int:
        """Input frames that one output needs on each side."""
        return SPLICE + STEP_FRAMES * self.context_steps

    @property
    def context_steps(self) -> int:
        """Outputs lost at each end."""
        return sum(cast(Block, b).stride for b in self.blocks)

    def forward(self, frames: Tensor) -> Tensor:
        """(batch, n, 40) -> logits (batch, outputs, states); unnormalised."""
        x = (frames - self.mean) * self.scale
        x = (
            x.unfold(1, 2 * SPLICE + 1, STEP_FRAMES).transpose(2, 3).flatten(2)
        )  # frame by frame, as Kaldi's Append
        x = self.first(x)
        x = torch.relu(self.first_norm(x.flatten(0, 1)).view_as(x))
        for block in self.blocks:
            x = block(x)
        return cast(Tensor, self.last(x))

    def log_posteriors(self, frames: Tensor) -> Tensor:
        """(n, 40) -> (n, states), every frame, edges repeated as the decoder does."""
        edge = self.context
        tail = edge + STEP_FRAMES
        padded = torch.cat(
            (frames[:1].expand(edge, -1), frames, frames[-1:].expand(tail, -1))
        ).unsqueeze(0)
        parts = [self(padded[:, offset:])[0] for offset in range(STEP_FRAMES)]
        steps = (len(frames) + STEP_FRAMES - 1) // STEP_FRAMES
        every = torch.stack([part[:steps] for part in parts], dim=1).flatten(0, 1)
        return torch.log_softmax(every[: len(frames)], dim=1)
