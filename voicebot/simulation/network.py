"""What a caller hears of the network before anybody answers, made from numbers and a synthesiser.

Tones by the cadences of GB/T 3380 and ITU-T E.180, announcements in wordings of this project's own
spoken by any voice, and colour rings (彩铃) before and over them. Signed 16-bit mono samples; put
them through `telephone_line` to hear them as a trunk delivers them.
"""

from collections.abc import Callable
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from voicebot.audio.frame import SAMPLE_BYTES
from voicebot.campaign.outcome import Disposition
from voicebot.simulation import sounds
from voicebot.speech.tones import EXCHANGE_HZ, SPECIAL_HZ, Signal

Say = Callable[[str], bytes]
"""Speaks a text at the line's rate, at the nominal level."""

CADENCES = {
    Signal.RINGBACK: (1000, 4000),
    Signal.BUSY: (350, 350),
    Signal.CONGESTION: (700, 700),
    Signal.VACANT: (100, 100, 100, 100, 100, 100, 400, 400),
}
"""On and off in milliseconds, again and again."""

SPECIAL_MS = 330
PAUSE_MS = 1000
"""Before an announcement, and between it and its repetition."""

ANNOUNCEMENTS: dict[Disposition, tuple[str, ...]] = {
    Disposition.EMPTY: (
        "您好，您所拨打的号码是空号，请核对后再拨。",
        "对不起，您拨打的号码不存在，请查证后再拨。",
        "您好，您拨打的号码是空号，请查证后再拨，谢谢。",
        "对不起，您所呼叫的用户号码不存在，请核实后再拨。",
        "您拨打的号码有误，请核对后再拨。",
    ),
    Disposition.SUSPENDED: (
        "您好，您拨打的电话已停机。",
        "对不起，您所拨打的电话已停机，请稍后再拨。",
        "您呼叫的用户已暂停服务。",
        "您拨打的号码因欠费已停机。",
    ),
    Disposition.POWER_OFF: (
        "您好，您所拨打的电话已关机，请稍后再拨。",
        "对不起，您拨打的用户已关机，请稍后再拨。",
        "您拨打的手机已关机，您的来电信息将以短信的形式通知对方。",
        "您好，您拨打的电话已经关机。",
    ),
    Disposition.BUSY: (
        "您好，请不要挂机，您拨打的电话正在通话中。",
        "对不起，您所拨打的电话正在通话中，请稍后再拨。",
        "您拨打的用户正忙，请稍后再拨。",
        "用户忙，请稍后再拨。",
    ),
    Disposition.NO_ANSWER: (
        "您好，您拨打的电话暂时无人接听，请稍后再拨。",
        "对不起，您所拨打的用户无人接听。",
        "您呼叫的用户暂时无人接听，请您稍后再拨。",
    ),
    Disposition.REJECTED: (
        "您好，您拨打的用户暂时不方便接听您的电话，请稍后再拨。",
        "对不起，您所拨打的用户现在不方便接听。",
    ),
    Disposition.UNREACHABLE: (
        "您好，您拨打的电话暂时无法接通，请稍后再拨。",
        "对不起，您所呼叫的用户无法接通。",
        "您拨打的用户不在服务区，请稍后再拨。",
        "对不起，您拨打的电话不在服务区内。",
    ),
    Disposition.BARRED: (
        "对不起，您拨打的用户已设置呼入限制。",
        "您好，您拨打的号码呼入限制。",
        "您拨打的用户已设置来电拒接。",
    ),
    Disposition.BLOCKED: (
        "对不起，您的电话已欠费，请及时充值。",
        "您没有登记此项业务。",
    ),
    Disposition.LINE_ERROR: (
        "网络忙，请稍后再拨。",
        "对不起，线路忙，请稍后再拨。",
    ),
    Disposition.REMINDER: (
        "您好，您拨打的用户已启用来电提醒功能，我们将以短信通知对方。",
        "您的来电信息将以短信的形式通知机主。",
        "对方已启用通信助理。",
    ),
    Disposition.FORWARDED: (
        "您的电话正在转接中，请稍候。",
        "正在为您转接，请不要挂机。",
        "呼叫转移，请稍候。",
    ),
    Disposition.ANSWERED_MACHINE: (
        "请在提示音后留言，挂机结束。",
        "您好，这里是语音信箱，请留言。",
        "您好，我是机主的智能助理，请问您有什么事？",
        "您好，机主现在不方便接听电话，请留下您的姓名。",
    ),
}
"""Several wordings a disposition; about half of them are no sentence of the grammar."""

SPOKEN_COLOUR_RINGS = (
    "欢迎致电我们公司，我们为您提供优质的服务。",
    "这里有最新鲜的水果，欢迎选购，祝您生活愉快。",
    "好运来，祝您好运来。",
    "您好，欢迎您来我们店里看看，今天全场打折。",
    "我们家的牛肉面特别好吃，价格也便宜。",
)
"""What shops let their callers hear while it rings: nothing of the network."""

PEOPLE = (
    *("喂", "喂，你好", "你好，哪位", "您好，请问您是哪位", "喂，谁啊", "哎，你说"),
    *("喂，你好，请问你找谁", "嗯", "喂喂，听得到吗", "你好，这里是李明，请讲"),
    *("谁呀，我在开车呢", "喂，您好，我是王丽，请问哪里"),
)
"""How people answer a telephone."""

MACHINES = (
    "您好，这里是语音信箱，请留言。",
    "您好，机主现在不方便接听电话，请问您有什么事情？",
    "你好，我是机主的智能助理，请问有什么可以帮您？",
    "您好，您拨打的用户暂时无法接听，请在提示音后留言。",
    "您好，我是机主的秘书，您有什么事可以告诉我，我会帮您转达。",
    "您好，我现在不在，有事请留言，听到滴声后请开始讲话。",
    "感谢来电，本店营业时间为上午九点到晚上六点，请在营业时间来电，谢谢。",
)
"""How machines do."""


class Ring(StrEnum):
    """Where the colour ring is."""

    BEFORE = "before"
    """The network cuts it off to speak."""
    OVER = "over"
    """It goes on, 10 dB under the announcement."""


def tone(signal: Signal, sample_rate: int, length_ms: int) -> bytes:
    """Return a tone of the exchange for so long; the special tones come once."""
    time_s = np.arange(sample_rate * length_ms // 1000) / sample_rate
    if signal is Signal.SPECIAL:
        place = (time_s * 1000 // SPECIAL_MS).astype(int)
        hz = np.append(SPECIAL_HZ, [0.0])[np.minimum(place, len(SPECIAL_HZ))]
        return _pcm(np.sin(2 * np.pi * hz * time_s))
    edges = np.cumsum(CADENCES[signal])
    phase = np.searchsorted(edges, time_s * 1000 % edges[-1], side="right")
    return _pcm(np.sin(2 * np.pi * EXCHANGE_HZ * time_s) * (phase % 2 == 0))


def beep(sample_rate: int, length_ms: int = 400, hz: float = 1000.0) -> bytes:
    """Return what a mailbox gives before it records."""
    time_s = np.arange(sample_rate * length_ms // 1000) / sample_rate
    return _pcm(np.sin(2 * np.pi * hz * time_s))


def announcement(
    text: str,
    say: Say,
    sample_rate: int,
    rng: np.random.Generator,
    ring: Ring | None = None,
    *,
    times: int = 1,
) -> bytes:
    """Return an announcement said so many times, with a colour ring before it or over it."""
    pause = bytes(sample_rate * PAUSE_MS // 1000 * SAMPLE_BYTES)
    said = pause + (say(text) + pause) * times
    if ring is None:
        return said
    before = sounds.music(sample_rate, int(rng.integers(3000, 8000)), rng)
    if ring is Ring.BEFORE:
        return before + said
    length_ms = len(said) // SAMPLE_BYTES * 1000 // sample_rate
    music = sounds.scaled(sounds.music(sample_rate, length_ms, rng), -10)
    return before + _mixed(said, music)


def _mixed(one: bytes, other: bytes) -> bytes:
    total = np.zeros(max(len(one), len(other)) // SAMPLE_BYTES)
    for pcm in (one, other):
        total[: len(pcm) // SAMPLE_BYTES] += np.frombuffer(pcm, "<i2")
    return np.clip(np.rint(total), -32768, 32767).astype("<i2").tobytes()


def _pcm(signal: NDArray[np.float64]) -> bytes:
    """Bring a tone to -13 dBm0, what exchanges send, about -19 dBFS."""
    return np.rint(signal * 32768 * 10 ** (-16 / 20)).astype("<i2").tobytes()
