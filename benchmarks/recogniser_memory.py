"""Does the recogniser's memory grow with the hours that it listens?

    python -m benchmarks.recogniser_memory [HOURS] [grammar|free ...]     (10 hours of both)

Sentences in four voices, with pauses, noise and tones between them, go round on the telephone; each
is an utterance of its own, as in a call. Given are the resident memory after each tenth of the
time, the growth from the second tenth to the last, and the real-time factor of one core. The
first tenth does not count: buffers reach their size in it.
"""

import gc
import sys
import time
from collections.abc import Sequence

import numpy as np
import psutil

from benchmarks.conditions import conditions
from voicebot import bootstrap
from voicebot.audio.frame import SAMPLE_BYTES
from voicebot.audio.resample import resample
from voicebot.engines.espeak import EspeakSynthesiser
from voicebot.engines.vosk import VoskModel
from voicebot.simulation.line import LineSettings, Noise, telephone_line
from voicebot.simulation.network import tone
from voicebot.speech.tones import Signal

RATE = 8000
PIECE_MS = 200
VOICES = ("", "f4", "m6", "klatt3")
PHRASES = (
    *(
        "是的",
        "不是",
        "可以",
        "不方便",
        "好的",
        "不需要",
        "没兴趣",
        "我要退货",
        "我要换货",
        "转人工",
    ),
    *("人工客服", "取消订单", "修改地址", "查询物流", "开发票", "投诉", "再说一遍", "非常满意"),
    *("一般", "不满意", "已经收到了", "还没收到", "打错了", "晚点再打", "我在开会", "优惠券"),
)
OTHERS = (
    "我上个礼拜买的洗衣机到现在还没人来装",
    "麻烦帮我看看那笔钱退回来没有",
    "这双鞋穿了不到三天鞋底就开胶了",
    "门口有一只狗",
    "幺三八零零一三八零零零",
)
MEBIBYTE = 2**20


def utterances() -> list[bytes]:
    """What is heard, one utterance each."""
    rng = np.random.default_rng(1)
    found = []
    for number, text in enumerate((*PHRASES, *OTHERS)):
        voice = EspeakSynthesiser(variant=VOICES[number % len(VOICES)])
        pcm = resample(b"".join(voice.synthesise(text)), voice.sample_rate, RATE)
        pause = bytes(RATE * int(rng.integers(300, 900)) // 1000 * SAMPLE_BYTES)
        noise = (None, Noise.PINK, Noise.WHITE, None)[number % 4]
        line = telephone_line(RATE, LineSettings(noise=noise, snr_db=15.0), rng)
        found.append(line(pause + pcm + pause))
    found += [tone(signal, RATE, 4000) for signal in (Signal.RINGBACK, Signal.BUSY)]
    return found


def listen(model: VoskModel, hours: float, phrases: Sequence[str] | None) -> None:
    """Hear for so long and tell the memory on the way."""
    spoken = utterances()
    tenth = hours * 3600 / 10
    heard_s, took_s = 0.0, 0.0
    memory: list[float] = []
    recogniser = model.recogniser(RATE)
    size = RATE * PIECE_MS // 1000 * SAMPLE_BYTES
    number = 0
    while len(memory) < 10:
        pcm = spoken[number % len(spoken)]
        number += 1
        began = time.thread_time()
        recogniser.listen(phrases)
        for at in range(0, len(pcm), size):
            recogniser.accept(pcm[at : at + size])
        recogniser.finish()
        took_s += time.thread_time() - began
        heard_s += len(pcm) / SAMPLE_BYTES / RATE
        if heard_s >= tenth * (len(memory) + 1):
            gc.collect()
            memory.append(psutil.Process().memory_info().rss / MEBIBYTE)
            print(f"after {heard_s / 3600:5.2f} h: {memory[-1]:7.1f} MiB", flush=True)
    print(f"grown from the second tenth to the last by {memory[-1] - memory[1]:.1f} MiB")
    print(f"{number} utterances, real-time factor {took_s / heard_s:.4f} of one core")


def main(hours: float = 10.0, kinds: Sequence[str] = ("grammar", "free")) -> None:
    print(conditions())
    model = bootstrap.load_model(None)
    for kind in kinds:
        print(f"{hours:g} h, {kind}")
        listen(model, hours, PHRASES if kind == "grammar" else None)


if __name__ == "__main__":
    given = sys.argv[1:]
    main(float(given[0]) if given else 10.0, given[1:] or ("grammar", "free"))
