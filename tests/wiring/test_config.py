"""``visavis.toml``: read whole, or refused with the line that is to blame."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.config import CameraKind, Config, Profile, load_config, parse_config
from kiosk.domain.errors import ConfigFileError

GOOD = """\
profile = "carrier"
office = "075012"

[camera]
kind = "replay"
path = "clips/card.avi"

[screen]
language = "en"
theme = "contrast"

[collector]
url = "https://central.example:8443"
timeout_s = 5.0
"""


def test_no_file_means_the_defaults(tmp_path):
    assert load_config(tmp_path / "visavis.toml") == Config()


def test_a_whole_file_is_read(tmp_path):
    file = tmp_path / "visavis.toml"
    file.write_text(GOOD, encoding="utf-8")
    config = load_config(file)
    assert config.profile is Profile.CARRIER
    assert config.camera.kind is CameraKind.REPLAY
    assert config.camera.path == "clips/card.avi"
    assert config.screen.language == "en"
    assert config.collector.timeout_s == 5.0
    assert not config.collector.metered


@pytest.mark.parametrize(
    ("before", "after", "line"),
    [
        ('profile = "carrier"', 'profil = "carrier"', 1),
        ('profile = "carrier"', 'profile = "boat"', 1),
        ('office = "075012"', "office = 75012", 2),
        ('office = "075012"', 'office = "Paris 12"', 2),
        ("[camera]", "[kamera]", 4),
        ('kind = "replay"', 'kind = "x-ray"', 5),
        ('path = "clips/card.avi"', 'file = "clips/card.avi"', 6),
        ('path = "clips/card.avi"', 'device = "/etc/passwd"', 6),
        ('path = "clips/card.avi"', "device = 0", 6),
        ('path = "clips/card.avi"', "", 5),
        ('language = "en"', 'language = "de"', 9),
        ('url = "https://central.example:8443"', 'url = "http://central.example"', 13),
        ('url = "https://central.example:8443"', 'url = "https://"', 13),
        ('url = "https://central.example:8443"', 'url = "https://a:99999"', 13),
        ("timeout_s = 5.0", "timeout_s = 0", 14),
        ("timeout_s = 5.0", "timeout_s = 9000", 14),
        ("timeout_s = 5.0", "timeout_ms = 5000", 14),
        ("timeout_s = 5.0", "timeout_s = five", 14),
    ],
)
def test_a_mistake_is_refused_and_its_line_named(before, after, line):
    with pytest.raises(ConfigFileError) as caught:
        parse_config(GOOD.replace(before, after))
    assert caught.value.detail.startswith(f"line {line}: ")


def test_a_file_that_is_no_text_is_refused(tmp_path):
    file = tmp_path / "visavis.toml"
    file.write_bytes(b'profile = "counter"\n\xff')
    with pytest.raises(ConfigFileError, match="line 2"):
        load_config(file)
    file.write_bytes(b"#" * 70_000)
    with pytest.raises(ConfigFileError):
        load_config(file)
    with pytest.raises(ConfigFileError):
        load_config(tmp_path)


@given(st.text(max_size=200))
def test_any_text_is_settings_or_a_settings_error(text):
    try:
        parse_config(text)
    except ConfigFileError:
        return


def test_the_settings_shown_to_operators_are_the_settings_that_exist():
    page = (Path(__file__).parents[2] / "docs" / "operator" / "command-line.md").read_text("utf-8")
    example = page.split("```toml\n")[1].split("```")[0]
    assert parse_config(example) == Config(office="075012")
    for table in (Config(), Config().camera, Config().screen, Config().collector, Config().service):
        for name in table.__dataclass_fields__:
            assert re.search(rf"^(\[{name}\]|{name} = )", example, re.MULTILINE), name


def test_a_metered_link_is_a_setting():
    assert parse_config("[collector]\nmetered = true").collector.metered
    with pytest.raises(ConfigFileError, match="line 2: metered"):
        parse_config("[collector]\nmetered = 1")
