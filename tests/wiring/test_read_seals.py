"""``visavis read`` and the list that seals are judged by: the device's own, one given, or none."""

import json

import cv2
import numpy as np
import pytest
import zxingcpp

from kiosk.__main__ import build_app, run
from kiosk.devices.instance_lock import InstanceLock
from kiosk.devices.key_stores import DemonstrationKeyStore
from kiosk.paths import Paths
from tests.crypto import seal_world


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """Files of a list, the fingerprint to pin, and pictures of an authentic and a false seal."""
    folder = tmp_path_factory.mktemp("seals")
    operator, ca = seal_world.authority("Operator"), seal_world.authority("Authority")
    certificate, key = seal_world.signer(ca)
    xml = seal_world.plain_list([seal_world.Provider("FR03", ca[0])], until="2099-01-01T00:00:00Z")
    contents = (
        seal_world.signed(xml, operator),
        seal_world.der(certificate),
        seal_world.revocations(ca),
    )
    files = []
    for number, content in enumerate(contents):
        files.append(folder / f"file-{number}")
        files[-1].write_bytes(content)
    other = seal_world.signer(ca)[1]
    pictures = []
    for number, signer in enumerate((key, other)):
        text = seal_world.signed_seal(signer)
        barcode = zxingcpp.create_barcode(text, zxingcpp.BarcodeFormat.DataMatrix)
        drawn = np.array(zxingcpp.write_barcode_to_image(barcode, scale=6))
        pictures.append(folder / f"seal-{number}.png")
        cv2.imwrite(str(pictures[-1]), cv2.copyMakeBorder(drawn, *(60,) * 4, 0, value=255))
    return files, seal_world.fingerprint(operator[0]), pictures


@pytest.fixture
def device(tmp_path):
    folder = tmp_path / "device"
    folder.mkdir(mode=0o700)
    DemonstrationKeyStore(folder).put("database", bytes(range(32)))
    return folder


@pytest.fixture
def ask(device, capsys):
    def asked(*words: object) -> tuple[int, str, str]:
        code = run(build_app(), [*map(str, words), "--data", str(device)])
        said = capsys.readouterr()
        return code, said.out, said.err

    return asked


def verdicts(out):
    """Verdicts of the seals, and the list, of each object."""
    found = []
    for line in out.splitlines():
        answer = json.loads(line)
        (check,) = [c for c in answer["codes"][0]["checks"] if c["code"] == "seal.signature"]
        found.append((check["verdict"], answer["seal_list"] and answer["seal_list"]["sequence"]))
    return found


def test_without_a_list_a_seal_is_not_judged_and_that_is_said(ask, world, device):
    code, out, _ = ask("read", *world[2])
    assert code == 0
    assert out.count("Aucune liste de signataires n’est importée") == 2
    assert verdicts(ask("read", *world[2], "--json")[1]) == [("unsure", None)] * 2
    assert not Paths(device).vault.exists()  # nothing was made


def test_seals_are_judged_by_the_list_of_the_device(ask, world):
    files, pin, pictures = world
    assert ask("trust", "import", *files, "--signer-sha256", pin)[0] == 0
    code, out, _ = ask("read", *pictures, "--json")
    assert verdicts(out) == [("pass", 1), ("fail", 1)]
    assert code == 1
    _, out, _ = ask("read", pictures[0])
    assert "Jugé d’après la liste n°\u00a01 du 2026-11-01" in out
    assert "jour" in out


def test_a_list_given_counts_and_is_kept_nowhere(ask, world):
    files, pin, pictures = world
    trust = [word for file in files for word in ("--trust", file)]
    code, out, _ = ask("read", *pictures, *trust, "--signer-sha256", pin, "--json")
    assert (code, verdicts(out)) == (1, [("pass", 1), ("fail", 1)])
    assert ask("trust", "show")[0] == 1


def test_a_list_given_without_its_signer_or_of_another_one_is_refused(ask, world):
    files, _, pictures = world
    trust = [word for file in files for word in ("--trust", file)]
    assert ask("read", pictures[0], *trust)[0] == 2
    code, _, err = ask("read", pictures[0], *trust, "--signer-sha256", "0" * 64)
    assert (code, "DOCUMENT-031" in err) == (3, True)
    code, _, err = ask("read", pictures[0], "--trust", files[1], "--signer-sha256", "0" * 64)
    assert (code, "DOCUMENT-03" in err) == (3, True)
    missing = ask("read", pictures[0], "--trust", "none", "--signer-sha256", "0" * 64)
    assert missing[0] == 2


def test_while_another_program_works_on_the_device_a_seal_is_not_judged(ask, world, device):
    files, pin, pictures = world
    assert ask("trust", "import", *files, "--signer-sha256", pin)[0] == 0
    with InstanceLock(Paths(device).lock):
        code, out, _ = ask("read", pictures[0])
    assert code == 0
    assert "n’a pas pu être lue (CONFIG-" in out


def test_a_list_that_was_altered_judges_nothing(ask, world, device):
    DemonstrationKeyStore(device).put("database", bytes(32))
    Paths(device).vault.write_bytes(b"no vault" * 100)
    code, out, _ = ask("read", world[2][0])
    assert code == 0
    assert "n’a pas pu être lue (VAULT-" in out
