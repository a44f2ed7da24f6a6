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


SECRETS = (
    "Authorization: Bearer eyJhbGciOi.eyJzdWIiOi.dozjgNryP4J3",
    "proxy-authorization=Basic Ym9iOmh1bnRlcjI=",
    "GET failed with hf_AbCdEfGhIjKl and sk-proj-AbCdEfGhIjKl",
    "api_key=KEY123 civitai-token: KEY123 password = KEY123 &apikey=KEY123&n=1",
    "python main.py --token KEY123 --api-auth bob:KEY123",
    "0123456789abcdef0123456789abcdef is no key of ours",
    "bob:hunter2@tower:7860 and bob:hunter2@10.0.0.4",
    "No WebUI is running at garret.lan:7860, fe80::1ff:fe23:4567:890a, [2001:db8::17]:7860, 1:2:3:4:5:6:7:8f",
    "    a line that is set in, bob:hunter2@tower:7860, token=KEY123",
)
SECRET = (
    *("eyJhbGciOi", "dozjg", "Ym9iOm", "AbCdEf", "KEY123", "0123456789abcdef", "hunter2", "garret", "fe23", "2001"),
    *("db8", "5:6:7", "tower"),
)


def test_no_key_login_or_address_of_a_server_is_in_it_that_the_settings_do_not_name():
    said = "\n".join(redacted(SECRETS, private_words(SETTINGS)))
    assert [word for word in SECRET if word in said] == []


def test_times_places_in_the_program_and_ids_of_records_stay():
    told = (
        "2026-11-29 12:00:00 WARNING desk 01M8MEF96AB54ZCCYN6K6FAF29 was not saved: No space left on device",
        "at window.py:440 the display server at DISPLAY=:99 does not answer",
        "wants a login: enter the user and password given with it",
    )
    assert redacted(told, private_words(SETTINGS)) == list(told)


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
