"""Stages `bootstrap` and `train`: frame cross-entropy with AdamW, by steps and resumable.

A batch is a number of chunks cut at random places from two pools, synthetic and human. Each
chunk begins at any 10 ms frame, so a shard serves three times: its 30 ms grid has three
positions. A random tilt of the cepstrum stands for yet another microphone.
"""

import logging
import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from rich.progress import Progress
from torch import Tensor, nn

from recipes.acoustic_model import finished, human, lexicon, shards, speech
from recipes.acoustic_model.config import Config
from recipes.acoustic_model.features import COEFFICIENTS
from recipes.acoustic_model.labels import STEP_FRAMES
from recipes.acoustic_model.network import Network

LOG = logging.getLogger(__name__)
REPORT_EVERY = 50
WARM_UP_SHARE = 0.05
TILT = 2.0  # standard deviation of the random cepstral offset, first coefficients


@dataclass(frozen=True, slots=True)
class Pool:
    """Utterances end to end."""

    features: NDArray[np.float16]
    labels: NDArray[np.uint16]

    @classmethod
    def read(cls, paths: list[Path]) -> "Pool":
        """All shards that exist."""
        loaded = [shards.read(p) for p in paths if p.exists()]
        if not loaded:
            raise SystemExit("no training data; run the stage `speech` first")
        return cls(
            np.concatenate([s.features for s in loaded]),
            np.concatenate([s.labels for s in loaded]),
        )


def bootstrap(config: Config) -> None:
    """A first network from synthetic speech alone, good enough to align human speech."""
    pools = [(1.0, speech.paths(config)[: config.training.bootstrap_shards])]
    fit(config, config.work / "bootstrap.pt", pools, config.training.bootstrap_steps)


def realign(config: Config) -> None:
    """A second network, from the first alignments of the human speech, to align it better."""
    fit(
        config,
        config.work / "realign.pt",
        _mixed(config, 1),
        config.training.realign_steps,
        config.work / "bootstrap.pt",
    )


def run(config: Config) -> None:
    """The network that is shipped, from synthetic and human speech."""
    first = config.work / ("realign.pt" if config.human_folders else "bootstrap.pt")
    start = config.start or first
    fit(config, config.work / "final.pt", _mixed(config, 2), config.training.steps, start)
    pools = [(share, Pool.read(paths)) for share, paths in _mixed(config, 2)]
    np.save(config.work / "log_priors.npy", log_priors(config, pools))


def _mixed(config: Config, turn: int) -> list[tuple[float, list[Path]]]:
    share = config.training.human_share if config.human_folders else 0.0
    sources = [(1.0 - share, speech.paths(config))]
    if share:
        sources.append((share, human.paths(config, turn)))
    return sources


def align(config: Config, turn: int) -> None:
    """Stage `align-N`: align the human speech with the newest network of the round before."""
    name = "bootstrap.pt" if turn == 1 else "realign.pt"
    sources = speech.paths(config)[: config.training.bootstrap_shards]
    priors = log_priors(config, [(1.0, Pool.read(sources))])
    network = (
        finished_network(config, config.start, [(1.0, Pool.read(sources[:1]))])
        if config.start
        else load(config, config.work / name)
    )
    human.align_all(config, turn, network.eval(), priors)


def build(config: Config) -> Network:
    """A network of the configured size."""
    states = lexicon.load(config).phone_set().state_count
    t = config.training
    return Network(t.hidden, t.bottleneck, t.strides, states)


def load(config: Config, path: Path) -> Network:
    """A trained network, ready to be used."""
    network = build(config)
    saved = torch.load(path, map_location="cpu", weights_only=True)
    network.load_state_dict(saved["network"])
    return network.eval()


def finished_network(config: Config, folder: Path, pools: list[tuple[float, Pool]]) -> Network:
    """A network with the weights of a finished model folder."""
    network = build(config)
    rng = np.random.default_rng(config.seed)
    frames, _ = batch(config, network.context, pools, rng)
    affines = finished.with_outputs(
        finished.read_affines(folder / "am" / "final.mdl"),
        finished.read_phones(folder),
        lexicon.load(config).phone_set(),
    )
    finished.restore(network, affines, frames)
    return network


def fit(
    config: Config,
    path: Path,
    sources: list[tuple[float, list[Path]]],
    steps: int,
    start: Path | None = None,
) -> None:
    """Train for a number of steps, from a checkpoint of this same training if there is one."""
    torch.set_num_threads(config.training.threads)
    torch.manual_seed(config.seed)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    network = build(config).to(device)
    optimiser = torch.optim.AdamW(
        network.parameters(), lr=config.training.peak_rate, weight_decay=0.01
    )
    done = 0
    if path.exists():
        saved = torch.load(path, map_location=device, weights_only=True)
        network.load_state_dict(saved["network"])
        optimiser.load_state_dict(saved["optimiser"])
        done = int(saved["step"])
    elif start is not None and start.is_file():
        network.load_state_dict(load(config, start).state_dict())
    if done >= steps:
        return
    pools = [(share, Pool.read(paths)) for share, paths in sources]
    LOG.info("frames in the pools: %s", [len(p.labels) for _, p in pools])
    if done == 0 and start is not None and start.is_dir():
        network.load_state_dict(finished_network(config, start, pools).state_dict())
    if done == 0 and not network.mean.any() and not (start and start.is_dir()):
        _normalise(network, pools[0][1])
    network.train()
    with Progress() as progress:
        task = progress.add_task(path.stem, total=steps, completed=done)
        losses: list[float] = []
        for step in range(done, steps):
            rate = schedule(step, steps) * config.training.peak_rate
            for group in optimiser.param_groups:
                group["lr"] = rate
            rng = np.random.default_rng([config.seed, step, steps])
            frames, labels = batch(config, network.context, pools, rng)
            loss = _step(network, optimiser, frames.to(device), labels.to(device))
            losses.append(loss)
            progress.advance(task)
            if (step + 1) % REPORT_EVERY == 0:
                LOG.info("%s step %d loss %.4f", path.stem, step + 1, float(np.mean(losses)))
                losses.clear()
            if (step + 1) % config.training.checkpoint_every == 0 or step + 1 == steps:
                _save(path, network, optimiser, step + 1)


def schedule(step: int, steps: int) -> float:
    """Share of the peak rate: a short rise, then half a cosine down to 1 %."""
    warm_up = max(1, round(steps * WARM_UP_SHARE))
    if step < warm_up:
        return (step + 1) / warm_up
    progress = (step - warm_up) / max(1, steps - warm_up)
    return 0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * progress))


def batch(
    config: Config, context: int, pools: list[tuple[float, Pool]], rng: np.random.Generator
) -> tuple[Tensor, Tensor]:
    """Chunks from the pools by their shares: frames (n, t, 40), labels (n, outputs)."""
    count, outputs = config.training.chunks_per_batch, config.training.chunk_frames
    span = (outputs - 1) * STEP_FRAMES + 1
    frames = np.empty((count, span + 2 * context, COEFFICIENTS), np.float32)
    labels = np.empty((count, outputs), np.int64)
    human_chunks = round(count * (1 - pools[0][0]))
    for i in range(count):
        pool = pools[1][1] if i < human_chunks else pools[0][1]
        at = int(rng.integers(len(pool.labels) - frames.shape[1]))
        frames[i] = pool.features[at : at + frames.shape[1]]
        labels[i] = pool.labels[at + context : at + context + span : STEP_FRAMES]
    fade = TILT / (1 + 0.3 * np.arange(COEFFICIENTS))
    frames += (rng.standard_normal((count, COEFFICIENTS)) * fade)[:, None, :].astype(np.float32)
    return torch.from_numpy(frames), torch.from_numpy(labels)


def _step(
    network: Network, optimiser: torch.optim.Optimizer, frames: Tensor, labels: Tensor
) -> float:
    with torch.autocast(frames.device.type, torch.bfloat16, enabled=half_precision(frames)):
        logits = network(frames)
    loss = nn.functional.cross_entropy(logits.float().flatten(0, 1), labels.flatten())
    optimiser.zero_grad(set_to_none=True)
    loss.backward()  # type: ignore[no-untyped-call]
    nn.utils.clip_grad_norm_(network.parameters(), 5.0)
    optimiser.step()
    return float(loss.detach())


def half_precision(frames: Tensor) -> bool:
    """Whether bfloat16 is faster here: on a GPU, and on a processor that multiplies in it.

    With two threads a step took 0.16 s instead of 0.29 s on an EPYC with AVX512_BF16; on a
    processor without, one thread took 0.56 s instead of 0.39 s.
    """
    capable = torch.cpu.get_capabilities()
    return frames.is_cuda or bool(capable.get("avx512_bf16") or capable.get("amx_bf16"))


def _normalise(network: Network, pool: Pool) -> None:
    sample = pool.features[:: max(1, len(pool.features) // 200_000)].astype(np.float32)
    network.mean.copy_(torch.from_numpy(sample.mean(0)))
    network.scale.copy_(torch.from_numpy(1 / (sample.std(0) + 1e-3)))


def _save(path: Path, network: Network, optimiser: torch.optim.Optimizer, step: int) -> None:
    partial = path.with_suffix(".partial")
    state = {"network": network.state_dict(), "optimiser": optimiser.state_dict(), "step": step}
    torch.save(state, partial)
    partial.replace(path)


def log_priors(config: Config, pools: list[tuple[float, Pool]]) -> NDArray[np.float32]:
    """Log share of each state among the labels of the mixed pools, floored."""
    states = lexicon.load(config).phone_set().state_count
    total = np.zeros(states)
    for share, pool in pools:
        counts = np.bincount(pool.labels, minlength=states) + 10.0
        total += share * counts / counts.sum()
    return np.log(total).astype(np.float32)
