"""Telephone MFCCs, exactly as the decoder computes them."""

from functools import cache
from pathlib import Path

import kaldi_native_fbank as knf
import numpy as np
from numpy.typing import NDArray

SAMPLE_RATE = 8_000
COEFFICIENTS = 40
LOW_HZ, HIGH_HZ = 40.0, -200.0

FloatArray = NDArray[np.float32]


@cache
def _options() -> "knf.MfccOptions":
    options = knf.MfccOptions()
    options.frame_opts.samp_freq = SAMPLE_RATE
    options.frame_opts.dither = 0.0
    options.frame_opts.snip_edges = True
    options.mel_opts.num_bins = COEFFICIENTS
    options.mel_opts.low_freq = LOW_HZ
    options.mel_opts.high_freq = HIGH_HZ
    options.num_ceps = COEFFICIENTS
    options.use_energy = False
    return options


def frame_count(samples: int) -> int:
    """How many 25 ms frames, 10 ms apart, fit wholly into this many samples."""
    return 0 if samples < 200 else 1 + (samples - 200) // 80


def mfcc(samples: FloatArray) -> FloatArray:
    """(frames, 40) coefficients of 8 kHz audio in the scale of 16-bit integers."""
    extractor = knf.OnlineMfcc(_options())
    extractor.accept_waveform(SAMPLE_RATE, samples)
    extractor.input_finished()
    rows = [extractor.get_frame(i) for i in range(extractor.num_frames_ready)]
    if not rows:
        return np.zeros((0, COEFFICIENTS), np.float32)
    return np.stack(rows).astype(np.float32)


def write_conf(path: Path) -> None:
    """The same options as `conf/mfcc.conf`."""
    path.write_text(
        f"--sample-frequency={SAMPLE_RATE}\n"
        f"--num-mel-bins={COEFFICIENTS}\n--num-ceps={COEFFICIENTS}\n"
        f"--low-freq={LOW_HZ:g}\n--high-freq={HIGH_HZ:g}\n--use-energy=false\n--dither=0\n",
        "utf-8",
    )
