"""A mistake of ours leaves a file on this computer, a sentence, and nothing else."""

import pytest

from teleop import crash_reports
from teleop.cli.options import Commands
from teleop.errors import RecordingError


def test_a_mistake_ends_with_a_sentence_and_a_file(capsys: pytest.CaptureFixture[str]) -> None:
    commands = Commands(pretty_exceptions_enable=False)

    @commands.command()
    def fail() -> None:
        raise ZeroDivisionError("the wheel came off")

    assert commands([], standalone_mode=False) == 1
    said = capsys.readouterr().err
    (file,) = crash_reports.folder().glob("*-command.txt")
    assert str(file) in said
    assert "Traceback" not in said
    text = file.read_text("utf-8")
    assert "the wheel came off" in text
    assert "pygame-ce" in text


def test_what_the_user_can_put_right_is_no_crash() -> None:
    before = set(crash_reports.folder().glob("*"))
    with pytest.raises(RecordingError), crash_reports.reported("environment"):
        raise RecordingError("The disk is full.")
    assert set(crash_reports.folder().glob("*")) == before
