"""The gate at the dialler: every due contact is judged in the transaction that would release it."""

import logging
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection, bindparam, select

from voicebot.campaign.frequency_cap import Purpose
from voicebot.campaign.gate import Line, judge
from voicebot.campaign.policy import Policy, load_policy
from voicebot.errors import BadPolicy
from voicebot.store.feeding import CampaignRow, Due, Refusal
from voicebot.store.gate_facts import gate_facts
from voicebot.store.tables import caller_number

log = logging.getLogger(__name__)


class Gate:
    """See `voicebot.dialler.feeder.Judge`."""

    def __init__(self, *, real: bool) -> None:
        """`real` is whether the trunks ring telephones: numbers for tests are refused then."""
        self._real = real
        self._policies: dict[str, tuple[float, Policy | None]] = {}
        """By name or file, with the file's time: a changed policy counts at once."""

    def __call__(
        self, connection: Connection, campaign: CampaignRow, due: Sequence[Due], now: datetime
    ) -> Sequence[Refusal]:
        """Return whom nobody may call now, and when that may change."""
        if not due:
            return []
        line = Line(self._real, _purposes(connection, campaign.caller_number))
        policy = self._policy(campaign.policy or campaign.region)
        facts = gate_facts(connection, campaign.id, [each.id for each in due], policy, line, now)
        refusals = []
        for each in due:
            verdict = judge(facts[each.id])
            if not verdict.allowed:
                at = verdict.ask_again_at(now)
                refusals.append(Refusal(each.id, each.phone, str(verdict.code), verdict.detail, at))
        return refusals

    def _policy(self, named: str) -> Policy | None:
        path = Path(named)
        try:
            changed = path.stat().st_mtime if path.suffix else 0.0
        except OSError:
            changed = -1.0
        known = self._policies.get(named)
        if known is None or known[0] != changed:
            try:
                policy = load_policy(path if path.suffix else named)
            except BadPolicy as error:
                log.error("nobody is called: %s", error)
                policy = None
            known = self._policies[named] = (changed, policy)
        return known[1]


_PURPOSES = select(caller_number.c.purposes).where(caller_number.c.phone == bindparam("ours"))


def _purposes(connection: Connection, phone: str | None) -> frozenset[Purpose]:
    if phone is None:
        return frozenset()
    kept = connection.execute(_PURPOSES, {"ours": phone}).scalar()
    return frozenset(Purpose(each) for each in kept or ())
