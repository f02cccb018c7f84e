"""The computer's own microphone, through PortAudio."""

from voicebot.errors import MissingPart


def microphones() -> tuple[str, ...]:
    """Return the names of the input devices; none on a server.

    Raises `MissingPart` when the package or PortAudio is not installed. The import stands here,
    since only who talks to the robot on this computer needs either.
    """
    try:
        import sounddevice
    except ImportError as error:
        raise MissingPart('not installed: pip install "voicebot[local]"') from error
    except OSError as error:
        raise MissingPart("PortAudio is missing: apt-get install libportaudio2") from error
    return tuple(
        str(device["name"])
        for device in sounddevice.query_devices()
        if int(device["max_input_channels"]) > 0
    )
