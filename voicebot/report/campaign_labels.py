"""The words of a campaign's report in Chinese and English."""

from collections.abc import Mapping

from voicebot.campaign.attribution import Model
from voicebot.campaign.gate import Code
from voicebot.report.labels import DISPOSITIONS, END_REASONS, INTENTIONS, Label

CAMPAIGN_STAGES: Mapping[str, Label] = {
    "imported": Label("导入名单", "Imported"),
    "eligible": Label("可拨打", "Eligible"),
    "dialled": Label("已拨打", "Dialled"),
    "answered": Label("已接通", "Answered"),
    "human": Label("真人接听", "A person"),
    "talked": Label("有效对话", "Real talk"),
    "likely": Label("意向 A、B", "Intention A, B"),
    "action": Label("达成下一步", "Took the next step"),
    "ordered": Label("下单", "Ordered"),
}

RATES: Mapping[str, Label] = {
    "connect": Label("接通率", "Connect rate"),
    "real_connect": Label("真实接通率", "Real connect rate"),
    "human": Label("真人接听率", "Human contact rate"),
    "valid_talk": Label("有效对话率", "Valid talk rate"),
    "intention": Label("意向率", "Intention rate"),
    "completion": Label("完成率", "Completion rate"),
    "transfer": Label("转人工率", "Transfer rate"),
    "opt_out": Label("退订率", "Opt-out rate"),
}

DENOMINATORS: Mapping[str, Label] = {
    "dialled": Label("拨打次数", "dialled calls"),
    "dialled_sound": Label("拨打次数（不含线路故障）", "dialled calls without line faults"),
    "answered": Label("接通次数", "answered calls"),
    "human": Label("真人接听次数", "calls answered by a person"),
}

MODELS: Mapping[str, Label] = {
    Model.LAST_TOUCH: Label("末次触达", "Last touch"),
    Model.LINEAR: Label("平均分配", "Linear"),
    Model.TIME_DECAY: Label("时间衰减（半衰期 7 天）", "Time decay, half in 7 days"),
}

GATE: Mapping[str, Label] = {
    Code.HELD_OUT: Label("对照组，不拨打", "Held out"),
    Code.NUMBER_INVALID: Label("号码无效", "Invalid number"),
    Code.NUMBER_FOR_TESTS: Label("测试号码", "Number for tests"),
    Code.NUMBER_EMPTY: Label("已知空号", "Known to be no one's"),
    Code.NUMBER_BARRED: Label("已知限制呼入", "Known to bar calls"),
    Code.CONSENT_MISSING: Label("没有同意记录", "No consent"),
    Code.CONSENT_NOT_BEGUN: Label("同意尚未生效", "Consent not begun"),
    Code.CONSENT_EXPIRED: Label("同意已过期", "Consent expired"),
    Code.CONSENT_WITHDRAWN: Label("已撤回同意", "Consent withdrawn"),
    Code.DNC_PLATFORM: Label("平台勿扰名单", "Do not call: platform"),
    Code.DNC_MERCHANT: Label("商家勿扰名单", "Do not call: merchant"),
    Code.DNC_CAMPAIGN: Label("活动勿扰名单", "Do not call: campaign"),
    Code.ZONE_UNKNOWN: Label("时区未知", "Time zone unknown"),
    Code.WINDOW_CLOSED: Label("不在拨打时段", "Outside the calling window"),
    Code.WINDOW_BREAK: Label("午休", "Noon break"),
    Code.WINDOW_HOLIDAY: Label("节假日", "Holiday"),
    Code.CAP: Label("频次上限", "Frequency cap"),
    Code.CAMPAIGN_OVER: Label("活动已结束", "Campaign over"),
}

REASONS: Mapping[str, Label] = {
    **END_REASONS,
    **DISPOSITIONS,
    **{
        grade: Label(f"{grade} {each.zh}", f"{grade} {each.en}")
        for grade, each in INTENTIONS.items()
    },
    **GATE,
    "waiting": Label("等待拨打", "Waiting"),
    "refused": Label("规则拦截", "Refused by the gate"),
    "machine": Label("语音助手或信箱", "Answering machine"),
    "no_order": Label("没有下单", "No order"),
}
"""Why a contact came no further."""

WEEKDAYS = (
    Label("周一", "Mon"),
    Label("周二", "Tue"),
    Label("周三", "Wed"),
    Label("周四", "Thu"),
    Label("周五", "Fri"),
    Label("周六", "Sat"),
    Label("周日", "Sun"),
)
