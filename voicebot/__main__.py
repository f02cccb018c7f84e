"""`python -m voicebot` is the console script `voicebot`."""

from voicebot.cli.main import main

if __name__ == "__main__":
    main()
