"""The smallest campaign that is a conversation: one question, a goodbye, and who answers."""

from pathlib import Path

SCRIPT = """script: tiny
version: "1"
title: 一句话回访
variables:
  name: 王女士
outcome:
  satisfied: {values: [yes, no], default: ""}
intents:
  affirm: {examples: [满意, 挺满意的, 很好]}
  deny: {examples: [不满意, 不太好]}
start: opening
apology: 不好意思，系统出了点问题，再见。
no_input:
  prompts: [您好，能听到吗？]
  then: no_answer
no_match:
  prompts: [不好意思，请您再说一遍。]
  then: no_answer
states:
  opening:
    prompt: {text: "{name}您好，我是智能语音助手。", barge_in: never}
    next: ask
  ask:
    prompt: {text: 咖啡豆您满意吗？, barge_in: never}
    on:
      affirm: {go: thanks, set: {satisfied: yes}}
      deny: {go: thanks, set: {satisfied: no}}
  thanks:
    prompt: 谢谢您，再见。
    end: finished
  no_answer:
    prompt: 不打扰您了，再见。
    end: no_input
"""
PERSONAS = """personas:
  content:
    about: 满意的顾客
    ring_ms: 1000
    voice: lin
    replies:
      ask: {say: [挺满意的], after_ms: 400}
    goal: {end: finished, outcome: {satisfied: yes}}
"""
ALWAYS = "{workday: [00:00-24:00], weekend: [00:00-24:00], holiday: [00:00-24:00]}"
POLICY = f"""policy: always
holidays: CN
consent: []
windows:
  marketing: {ALWAYS}
  survey: {ALWAYS}
  service: {ALWAYS}
caps:
  - {{calls: 1, within: 1 hour}}
disclosure: [智能语音助手]
retention: {{recordings: 30 days, records: 30 days}}
"""


def write(folder: Path, name: str = "tiny", more: str = "") -> Path:
    """Write the campaign's folder, with more lines of its campaign.yaml, and return it."""
    made = folder / "campaigns" / name
    made.mkdir(parents=True)
    (made / "script.yaml").write_text(SCRIPT, encoding="utf-8")
    (made / "personas.yaml").write_text(PERSONAS, encoding="utf-8")
    (made / "policy.yaml").write_text(POLICY, encoding="utf-8")
    (made / "campaign.yaml").write_text(
        f"campaign: {name}\npurpose: service\nregion: CN\nscript: script.yaml\n"
        f"policy: policy.yaml\n{more}",
        encoding="utf-8",
    )
    return made
