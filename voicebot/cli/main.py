"""The command line: `voicebot`.

Exit codes: 0 done, 1 it ran and the result is not good, 2 something given to it is wrong or
missing. A fault that a person can mend is printed without a traceback.
"""

import logging
import os
import sys
from collections.abc import Sequence

import click

from voicebot import __version__
from voicebot.cli.bench import bench
from voicebot.cli.call import call
from voicebot.cli.campaign import campaign
from voicebot.cli.chat import chat
from voicebot.cli.check import check
from voicebot.cli.consent import consent
from voicebot.cli.contacts import contacts
from voicebot.cli.demo import demo
from voicebot.cli.dnc import dnc
from voicebot.cli.doctor import doctor
from voicebot.cli.janus_config import janus_config
from voicebot.cli.kb import kb
from voicebot.cli.logs import log_to_stderr
from voicebot.cli.model import model
from voicebot.cli.orders import orders
from voicebot.cli.outcomes import outcomes
from voicebot.cli.replay import replay
from voicebot.cli.report import report
from voicebot.cli.retention import retention
from voicebot.cli.say import say
from voicebot.cli.serve import serve
from voicebot.cli.simulate import simulate
from voicebot.cli.talk import talk
from voicebot.cli.understand import understand_command
from voicebot.cli.webhooks import webhooks
from voicebot.cli.why import why
from voicebot.cli.worker import worker
from voicebot.errors import VoicebotError


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="voicebot")
@click.option("-v", "--verbose", count=True, help="More on standard error: -v progress, -vv all.")
def cli(verbose: int) -> None:
    """Offline voice call robot for online shops, Mandarin first.

    \b
    Examples:
      voicebot demo                                a whole campaign of simulated calls
      voicebot check campaigns/repurchase          look for mistakes in a script
      voicebot chat campaigns/repurchase           play a script by typing
      voicebot replay call.wav --script campaigns/repurchase
    """
    level = (logging.WARNING, logging.INFO, logging.DEBUG)[min(verbose, 2)]
    log_to_stderr(level)


# One a line, in the order of the help.
for command in (
    understand_command,
    demo,
    replay,
    chat,
    say,
    check,
    doctor,
    kb,
    model,
    bench,
    serve,
    talk,
    call,
    janus_config,
    contacts,
    consent,
    dnc,
    why,
    outcomes,
    campaign,
    worker,
    webhooks,
    simulate,
    report,
    orders,
    retention,
):
    cli.add_command(command)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line, the process's own when None; return the exit code."""
    try:
        code = cli(arguments, prog_name="voicebot", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        return 2
    except click.Abort:
        print("stopped", file=sys.stderr)
        return 130
    except BrokenPipeError:
        # The reader of our output went away, as `| head` does; Python must not try again at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except VoicebotError as error:
        print(error, file=sys.stderr)
        return 2
    except OSError as error:
        named = f"{error.filename}: " if error.filename else ""
        print(f"{named}{error.strerror or error}", file=sys.stderr)
        return 2
    # What `Context.exit` was called with; a command that returns is done.
    return code if isinstance(code, int) else 0
