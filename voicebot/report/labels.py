"""The project's own words in Chinese and English, for people who never read its code."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from voicebot.campaign.outcome import Disposition, Intention
from voicebot.dialogue.script import Counts, EndReason


@dataclass(frozen=True, slots=True)
class Label:
    """One thing's name in both languages of the report."""

    zh: str
    en: str


DISPOSITIONS: Mapping[str, Label] = {
    Disposition.ANSWERED_HUMAN: Label("接通", "Answered"),
    Disposition.ANSWERED_MACHINE: Label("语音助手或信箱", "Answering machine"),
    Disposition.EMPTY: Label("空号", "No such number"),
    Disposition.SUSPENDED: Label("停机", "Suspended"),
    Disposition.POWER_OFF: Label("关机", "Switched off"),
    Disposition.BUSY: Label("占线", "Busy"),
    Disposition.NO_ANSWER: Label("无人接听", "No answer"),
    Disposition.REJECTED: Label("拒接", "Rejected"),
    Disposition.UNREACHABLE: Label("无法接通", "Unreachable"),
    Disposition.REMINDER: Label("来电提醒", "Missed-call reminder"),
    Disposition.FORWARDED: Label("呼叫转移", "Forwarded"),
    Disposition.BARRED: Label("呼入限制", "Incoming calls barred"),
    Disposition.BLOCKED: Label("线路被拦截", "Blocked by operator"),
    Disposition.LINE_ERROR: Label("线路故障", "Line error"),
    Disposition.FILTERED: Label("未拨打（规则拦截）", "Not dialled (gate)"),
    Disposition.UNKNOWN: Label("结果不明", "End not seen"),
}

END_REASONS: Mapping[str, Label] = {
    EndReason.FINISHED: Label("正常结束", "Finished"),
    EndReason.OPTED_OUT: Label("要求不再联系", "Opted out"),
    EndReason.TRANSFERRED: Label("转人工", "Transferred"),
    EndReason.CALL_LATER: Label("改日再联系", "Call later"),
    EndReason.CALLER_HUNG_UP: Label("客户挂断", "Caller hung up"),
    EndReason.NO_INPUT: Label("客户没有出声", "No input"),
    EndReason.NO_MATCH: Label("多次没有听懂", "Not understood"),
    EndReason.TOO_LONG: Label("超过通话时限", "Too long"),
    EndReason.TOO_MANY_TURNS: Label("超过轮次上限", "Too many turns"),
    EndReason.RECOGNISER_FAILED: Label("语音识别故障", "Recogniser failed"),
    EndReason.RECOGNISER_TIMEOUT: Label("语音识别超时", "Recogniser timed out"),
    EndReason.SYNTHESISER_FAILED: Label("语音合成故障", "Synthesiser failed"),
    EndReason.LINE_FAILED: Label("线路中断", "Line failed"),
    EndReason.NO_MEDIA: Label("线路没有声音", "No audio on the line"),
    EndReason.ERROR: Label("程序错误", "Error"),
}

MOODS: Mapping[str, Label] = {
    "negative": Label("不快", "Negative"),
    "neutral": Label("平静", "Neutral"),
    "positive": Label("愉快", "Positive"),
}

TRENDS: Mapping[str, Label] = {
    "better": Label("好转", "Better"),
    "level": Label("平稳", "Level"),
    "worse": Label("变差", "Worse"),
}
"""How the caller's mood moved over a call."""

INTENTIONS: Mapping[str, Label] = {
    Intention.A: Label("意向明确", "Keen"),
    Intention.B: Label("有意向", "Interested"),
    Intention.C: Label("意向低", "Little interest"),
    Intention.D: Label("待观察", "Undecided"),
    Intention.E: Label("未接通", "Not reached"),
    Intention.F: Label("不再联系", "Do not call"),
}

STAGES: Mapping[str, Label] = {
    "imported": Label("名单", "Imported"),
    "dialled": Label("已拨打", "Dialled"),
    "answered": Label("已接通", "Answered"),
    "talked": Label("有效对话", "Real talk"),
    "likely": Label("意向 A、B", "Intention A, B"),
}

MOMENTS: Mapping[str, Label] = {
    "hook": Label("查询店铺系统", "Asked the shop"),
    "hook_returned": Label("店铺系统回答", "The shop answered"),
    "hook_failed": Label("店铺系统没有答上", "The shop failed"),
    "speech_started": Label("客户开口", "Speech started"),
    "speech_paused": Label("客户停顿", "Speech paused"),
    "partial": Label("识别中", "Partial"),
    "recognised": Label("识别结果", "Recognised"),
    "understood": Label("理解", "Understood"),
    "endpoint": Label("判定说完", "Endpoint"),
    "state": Label("进入状态", "State"),
    "prompt": Label("准备播报", "Prompt"),
    "prompt_started": Label("开始播报", "Prompt started"),
    "prompt_paused": Label("暂停播报", "Prompt paused"),
    "prompt_resumed": Label("继续播报", "Prompt resumed"),
    "prompt_ended": Label("播报结束", "Prompt ended"),
    "barge_in": Label("客户打断", "Barge-in"),
    "no_input": Label("没有回应", "No input"),
    "dtmf": Label("按键", "Key pressed"),
    "limit": Label("达到上限", "Limit reached"),
    "failed": Label("故障", "Failed"),
    "caller_hung_up": Label("客户挂断", "Caller hung up"),
    "hang_up": Label("挂机", "Hang-up"),
}

INTERRUPTIBLE: Mapping[str, Label] = {
    "any": Label("可打断", "May be interrupted"),
    "hot_words": Label("仅关键词可打断", "Hot words only"),
    "never": Label("不可打断", "Not to be interrupted"),
}

COUNTS: Mapping[str, Label] = {
    Counts.AFFIRMATIVE: Label("肯定", "affirmative"),
    Counts.REFUSAL: Label("拒绝", "refusal"),
    Counts.QUESTION: Label("提问", "question"),
    Counts.NOTHING: Label("不计", "nothing"),
}

_RULE = {
    "questions": "提问",
    "affirmatives": "肯定",
    "refusals": "拒绝",
    "answers": "回答",
}

_WHOLE_RULE = {"not connected": "未接通", "opted out": "要求不再联系"}


def label(known: Mapping[str, Label], value: str) -> Label:
    """Return the label of a value, or the value itself where nobody has named it."""
    return known.get(value, Label(value, value))


def rule(text: str) -> Label:
    """Name the rule behind a grade; a rule that is not known here stays English."""
    counted = re.sub(
        rf"(\d+) ({'|'.join(_RULE)})", lambda found: f"{_RULE[found[2]]} {found[1]} 次", text
    )
    return Label(_WHOLE_RULE.get(text, counted.replace(", ", "，")), text)
