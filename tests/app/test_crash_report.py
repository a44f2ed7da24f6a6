"""The report of a mistake helps whoever mends it, and tells nothing about whoever sends it."""

from __future__ import annotations

import logging

import pytest
from msgspec.structs import replace

from stablenew_tk.app.crash.crash_report import crash_report, redacted
from stablenew_tk.app.crash.last_lines import LINES, LastLines
from stablenew_tk.app.crash.private_words import private_words
from stablenew_tk.domain.config.catalogue import check_value
from stablenew_tk.domain.config.user_settings import Settings

SETTINGS = Settings(backend="http://anna:s3cret@studio.lan:7860", user="anna", password="pa55word", user_name="Anna B")
PRIVATE = ("anna", "s3cret", "studio", "pa55word", "knight", "holiday", "192.168", "/home", "C:\\", "dream")
LINES_OF_A_LOG = (
    "2026-11-29 12:00:00 ERROR desk stablenew_tk.pipeline.desk: an order failed: ReadPicture",
    "cannot read /home/anna/My Pictures/2026/holiday.png: No such file or directory",
    r"cannot read C:\Users\anna\dream models\dream.safetensors, C:\x",
    "the server http://anna:s3cret@studio.lan:7860/sdapi/v1/txt2img?p=knight said 'a knight, masterpiece'",
    'asked with prompt "a knight" and “dream” by anna on 192.168.1.17, anna.b@studio.lan, password pa55word',
    '  File "/home/anna/venv/lib/python3.11/site-packages/PIL/Image.py", line 3, in open',
    '  File "/home/anna/StableNew/stablenew_tk/pipeline/desk.py", line 12, in perform',
    '  File "/home/anna/knight.py", line 1, in <module>',
    "~/dream/knight.txt and file:///home/anna/holiday.png and \\\\studio\\share\\holiday.png",
)


def test_no_name_prompt_address_or_path_is_in_it():
    said = "\n".join(redacted(LINES_OF_A_LOG, private_words(SETTINGS)))
    assert [word for word in PRIVATE if word.lower() in said.lower()] == []
    assert "ERROR desk stablenew_tk.pipeline.desk: an order failed: ReadPicture" in said
    assert "File stablenew_tk/pipeline/desk.py, line 12, in perform" in said
    assert "File site-packages/PIL/Image.py, line 3, in open" in said
    assert "No such file or directory" in said


def test_it_has_versions_the_error_and_the_last_lines_of_the_log():
    lines, logger = LastLines(), logging.getLogger("stablenew_tk.test")
    logger.addHandler(lines)
    logger.propagate, before = False, logger.propagate
    try:
        for number in range(LINES + 5):
            logger.warning("line %s of %s", number, "/home/anna/knight.png")
    finally:
        logger.removeHandler(lines)
        logger.propagate = before
    prompt = " ".join(("a", "knight"))  # so that it does not stand in this line, which is in the report
    with pytest.raises(Exception) as caught:
        check_value("txt2img.steps", prompt)
    report = crash_report(caught.value, "", tuple(lines.lines), private_words(replace(SETTINGS, user_name="")))
    assert report.startswith("StableNew ")
    assert "Python " in report
    assert "Pillow " in report
    assert f"line {LINES + 4} of <path>" in report
    assert "line 4 of" not in report
    assert "InvalidInput" in report
    assert "knight" not in report
