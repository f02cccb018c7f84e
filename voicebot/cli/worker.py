"""`voicebot worker`: the process that dials, and keeps on dialling."""

import asyncio
import contextlib
import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click

from voicebot import bootstrap_lines, config
from voicebot.cli.line_options import janus_option, sip_account, sip_options
from voicebot.cli.options import engine_option, model_option, opened_store, store_option
from voicebot.store.engine import Store

WEBHOOK_HOSTS = "VOICEBOT_WEBHOOK_HOSTS"
"""Hosts of our own network that webhooks may be sent to, parted by commas."""


@click.command()
@click.option(
    "--calls",
    type=click.IntRange(1, 2000),
    default=20,
    show_default=True,
    help="The most calls at once of this worker.",
)
@click.option("--simulate", is_flag=True, help="Call a made-up population; nothing rings.")
@sip_options
@click.option(
    "--dial",
    "template",
    metavar="ADDRESS",
    envvar="VOICEBOT_DIAL",
    show_envvar=True,
    help="How a number is dialled, such as sip:{number}@192.0.2.20.",
)
@janus_option
@click.option(
    "--recordings",
    type=click.Path(path_type=Path, file_okay=False),
    help="Where recordings go; else the user's data folder.",
)
@click.option("--name", default="", help="For the log; every worker gets an id of its own besides.")
@click.option(
    "--lease",
    "lease_s",
    type=click.FloatRange(2, 600),
    default=30.0,
    show_default=True,
    metavar="SECONDS",
    help="How long a worker may be silent before others take over; the same for all workers.",
)
@click.option("--seed", type=int, default=1, show_default=True, help="Of the made-up population.")
@model_option
@engine_option
@store_option
def worker(
    calls: int,
    simulate: bool,
    sip_uri: str | None,
    sip_secret: str | None,
    proxy: str | None,
    template: str | None,
    janus_url: str,
    recordings: Path | None,
    name: str,
    lease_s: float,
    seed: int,
    model: Path | None,
    engine: str,
    store_address: str | None,
) -> None:
    """Call the contacts of the campaigns that run, until told to stop.

    Several workers share one store: SQLite on one machine, PostgreSQL on several. SIGTERM lets the
    calls end and dials nobody new; a worker that is killed leaves its work to the others.

    \b
    Examples:
      voicebot worker --simulate
      voicebot worker --sip sip:robot@192.0.2.10 --dial 'sip:{number}@192.0.2.20' --calls 30
      voicebot worker --store postgresql://voicebot:...@db.example/voicebot --simulate
    """
    if simulate == (sip_uri is not None):
        raise click.UsageError(
            "say how to dial: --sip for telephones, or --simulate for people that do not exist"
        )
    # `dbos` takes half a second to import, and no other command needs it.
    from voicebot import bootstrap
    from voicebot import bootstrap_dialler as root
    from voicebot.dialler.clock import DatabaseClock
    from voicebot.dialler.judging import Gate
    from voicebot.dialler.webhook_address import allowed_hosts
    from voicebot.dialler.worker import WorkerSettings
    from voicebot.runtime.sip_trunk import DialPlan
    from voicebot.transports.janus_sip import JanusGateway

    hosts = allowed_hosts(os.environ.get(WEBHOOK_HOSTS, "").split(","))
    settings = WorkerSettings(concurrency=calls, lease_s=lease_s, name=name, webhook_hosts=hosts)
    if sip_uri is None:
        click.echo("simulated: nobody's telephone rings, and what contacts say is made up")

        async def simulated() -> None:
            clock = DatabaseClock()
            await serve(
                store_address,
                lambda store: root.scripted_calls(store, seed, clock),
                Gate(real=False),
                settings,
                clock,
            )

        asyncio.run(simulated())
        return
    if template is None:
        raise click.UsageError("say how a number is dialled with --dial")
    account = sip_account(sip_uri, sip_secret, proxy, lines=calls)
    plan = DialPlan(template)
    ear = bootstrap.load_model(model)
    voice = bootstrap.prompt_voice(engine)
    kept = recordings or config.recordings_folder()

    async def telephone() -> None:
        gateway = JanusGateway(janus_url, account)
        serving = asyncio.create_task(gateway.run())
        ready = asyncio.create_task(gateway.ready.wait())
        await asyncio.wait((serving, ready), return_when=asyncio.FIRST_COMPLETED)
        if serving.done():
            ready.cancel()
            serving.result()
        trunk = bootstrap_lines.sip_trunk(gateway, plan, ear)
        clock = DatabaseClock()
        await serve(
            store_address,
            lambda store: root.sip_calls(store, trunk, ear, voice, kept),
            Gate(real=True),
            settings,
            clock,
        )
        serving.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await serving

    asyncio.run(telephone())


async def serve(
    store_address: str | None,
    make_calls: Callable[[Store], Any],
    judge: Any,
    settings: Any,
    clock: Any,
) -> None:
    """Work until SIGTERM or SIGINT."""
    from voicebot.bootstrap_dialler import dial_queue
    from voicebot.dialler.worker import Worker, keep_working

    loop = asyncio.get_running_loop()
    stopping = asyncio.Event()

    def stop() -> None:
        click.echo("stopping: the calls under way end first")
        stopping.set()

    for each in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(each, stop)

    @contextlib.contextmanager
    def worker() -> Iterator[Worker]:
        with opened_store(store_address) as store:
            yield Worker(store, make_calls(store), judge, dial_queue, settings, clock)

    await keep_working(worker, stopping)
