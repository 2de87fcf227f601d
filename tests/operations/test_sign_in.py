"""Who may see the pages: a real server over TLS, real passwords, a real log."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from central.archive.layout import Layout
from central.operations.deeds import Deed, Deeds
from tests.fakes.central_side import central, founded, serving
from tests.fakes.operations import NAME, PASSWORD, OperationsSide, add_operator, operations

pytestmark = pytest.mark.process
INSIDE = ("/", "/devices", "/quarantine", "/alarms", "/log", "/search?q=dev-", "/records/x", "/no")


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory):
    """Pages whose tries and operators are this module's alone."""
    data = founded(tmp_path_factory.mktemp("own") / "data")
    for name in (NAME, "denis", "erik"):
        assert add_operator(data, name, PASSWORD).returncode == 0
    with serving(data), operations(data) as running:
        yield running


def deeds(data: Path) -> list[tuple[str, str]]:
    lines = Layout(data).operations_log.read_text("utf-8").splitlines()
    return [(line["deed"], line["who"]) for line in map(json.loads, lines)]


@pytest.mark.parametrize("path", INSIDE)
def test_nobody_sees_anything_before_signing_in(own: OperationsSide, path):
    with own.reader() as reader:
        answer = reader.get(path)
        assert answer.status_code == 401
        assert 'type="password"' in answer.text
        assert "Quarantine" not in answer.text
        assert not answer.cookies


def test_signing_in_leads_to_the_page_that_was_asked_for(own: OperationsSide):
    with own.reader() as reader:
        asked = reader.get("/devices?view=silent")
        assert 'name="place" value="/devices?view=silent"' in asked.text
        form = {"name": NAME, "password": PASSWORD, "place": "/devices?view=silent"}
        answer = reader.post("/sign-in", form)
        assert (answer.status_code, answer.headers["location"]) == (303, "/devices?view=silent")
        cookie = answer.headers["set-cookie"].lower()
        for word in ("secure", "httponly", "samesite=strict", "path=/", "max-age=900", "__host-"):
            assert word in cookie
        assert reader.get("/devices").status_code == 200
    assert deeds(own.data)[-1] == ("signed-in", NAME)


@pytest.mark.parametrize(
    "place", ["//evil.test/", "https://evil.test/", "/\\evil.test", "javascript:alert(1)", ""]
)
def test_no_place_elsewhere_is_gone_to_after_signing_in(own: OperationsSide, place):
    with own.reader() as reader:
        answer = reader.post("/sign-in", {"name": NAME, "password": PASSWORD, "place": place})
        assert answer.headers["location"] == "/"
        assert reader.get(f"/language/fr?place={place}").headers["location"] == "/"


def test_a_wrong_password_is_refused_and_written_down_without_what_was_typed(own: OperationsSide):
    with own.reader() as reader:
        for name in (NAME, "a-password-in-the-wrong-field"):
            answer = reader.sign_in(name, "not the password")
            assert answer.status_code == 401
            assert "do not belong together" in answer.text
            assert not answer.cookies
            assert reader.get("/").status_code == 401
    assert deeds(own.data)[-2:] == [("refused", NAME), ("refused", "")]
    told = Layout(own.data).operations_log.read_text() + own.log.read_text()
    assert "not the password" not in told
    assert "wrong-field" not in told
    assert PASSWORD not in told


def test_after_five_failures_the_right_password_waits_too(own: OperationsSide):
    with own.reader() as reader:
        for _ in range(5):
            assert reader.sign_in("erik", "not the password").status_code == 401
        answer = reader.sign_in("erik")
        assert answer.status_code == 429
        assert 0 < int(answer.headers["retry-after"]) <= 900
        assert "Wait 15 minutes" in answer.text
        assert reader.get("/").status_code == 401
        # Another name is another matter.
        assert reader.sign_in("denis").status_code == 303
    assert ("held-off", "erik") in deeds(own.data)


def test_signing_out_ends_the_session_on_both_sides(own: OperationsSide):
    with own.operator() as reader:
        stolen = dict(reader.client.cookies)
        assert reader.post("/sign-out", {"word": reader.word()}).status_code == 303
        assert reader.get("/").status_code == 401
        reader.client.cookies.update(stolen)
        assert reader.get("/").status_code == 401
    assert deeds(own.data)[-1] == ("signed-out", NAME)


def test_another_password_and_a_removed_operator_end_open_sessions(own: OperationsSide):
    with own.reader() as reader:
        assert reader.sign_in("denis").status_code == 303
        assert reader.get("/").status_code == 200
        assert add_operator(own.data, "denis", "cinq lapins verts").returncode == 0
        assert reader.get("/").status_code == 401
        assert reader.sign_in("denis", "cinq lapins verts").status_code == 303
        assert central("operator", "remove", "denis", "--data", own.data).returncode == 0
        assert reader.get("/").status_code == 401
        assert reader.sign_in("denis", "cinq lapins verts").status_code == 401
    assert deeds(own.data)[-2:] == [("operator-removed", ""), ("refused", "")]


@pytest.mark.parametrize("origin", ["https://evil.test", "null", "http://localhost", ""])
def test_a_form_from_elsewhere_is_refused(own: OperationsSide, origin):
    with own.operator() as reader:
        word = reader.word()
        assert reader.post("/sign-out", {"word": word}, origin=origin).status_code == 403
        assert reader.client.post("/sign-out", data={"word": word}).status_code == 403
        assert reader.get("/").status_code == 200
    with own.reader() as reader:
        form = {"name": NAME, "password": PASSWORD}
        assert reader.post("/sign-in", form, origin=origin).status_code == 403


def test_a_form_without_the_word_of_its_session_is_refused(own: OperationsSide):
    with own.operator() as one, own.operator() as other:
        for word in ("", "x", other.word()):
            assert one.post("/sign-out", {"word": word}).status_code == 403
        assert one.get("/").status_code == 200


@pytest.mark.parametrize(
    "change", [lambda c: c[:-2], lambda c: "A" + c[1:], lambda _: "x", lambda _: "é."]
)
def test_a_cookie_that_was_changed_is_none(own: OperationsSide, change):
    with own.operator() as reader:
        ((name, cookie),) = dict(reader.client.cookies).items()
        reader.client.cookies.clear()
        header = f"{name}={change(cookie)}".encode()
        assert reader.client.get("/", headers={b"Cookie": header}).status_code == 401


def test_every_answer_says_what_a_browser_may_do(own: OperationsSide):
    with own.operator() as reader:
        for path in ("/", "/devices", "/files/style.css", "/nowhere", "/healthz", "/sign-in"):
            headers = reader.get(path).headers
            policy = headers["content-security-policy"]
            assert "default-src 'none'" in policy
            assert "script-src" not in policy
            assert "unsafe" not in policy
            assert headers["x-content-type-options"] == "nosniff"
            kept = "max-age" if path.startswith("/files/") else "no-store"
            assert kept in headers["cache-control"]


def test_pages_have_no_script_and_load_nothing_from_elsewhere(own: OperationsSide):
    with own.operator() as reader:
        for path in ("/", "/devices", "/alarms", "/log", "/sign-in"):
            page = reader.get(path).text
            assert "<script" not in page
            assert " style=" not in page
            assert "//" not in page.replace("http://www.w3.org/2000/svg", "")


def test_nothing_is_served_while_nobody_may_sign_in(tmp_path):
    data = founded(tmp_path / "data")
    done = central("operations", "--data", data, "--port", "0", check=False)
    assert done.returncode == 3
    assert "operator add" in done.stderr


def test_a_database_that_the_collector_never_opened_is_refused(tmp_path):
    data = founded(tmp_path / "data")
    Layout(data).database.unlink()
    assert add_operator(data, NAME, PASSWORD).returncode == 0
    done = central("operations", "--data", data, "--port", "0", check=False)
    assert done.returncode == 3
    assert "database" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("name", "password", "why"),
    [
        ("Claire", PASSWORD, "small letters"),
        ("c", PASSWORD, "2 to 32"),
        ("claire", "short", "12 to 256"),
        ("claire", "claire et les autres", "name"),
        ("claire", "aaaaaaaaaaaaaaaa", "few characters"),
    ],
)
def test_weak_passwords_and_odd_names_are_refused_with_a_sentence(tmp_path, name, password, why):
    data = founded(tmp_path / "data")
    done = add_operator(data, name, password)
    assert done.returncode == 2
    assert why in " ".join(done.stderr.replace("│", " ").split())
    assert not Layout(data).operators.exists()


def test_the_file_of_operators_holds_no_password_and_is_the_owners_alone(own: OperationsSide):
    path = Layout(own.data).operators
    assert PASSWORD not in path.read_text("utf-8")
    assert path.stat().st_mode & 0o077 == 0
    assert Layout(own.data).operations_log.stat().st_mode & 0o077 == 0
    listed = json.loads(central("operator", "list", "--data", own.data, "--json").stdout)
    assert NAME in [one["name"] for one in listed["operators"]]


def test_the_log_holds_every_deed_in_one_chain(own: OperationsSide):
    with own.reader() as reader:
        reader.post("/sign-in", {"name": NAME, "password": PASSWORD, "place": "/"})
    log = Deeds(Layout(own.data))
    assert log.unbroken
    assert Deed.SIGNED_IN in {line.deed for line in log.recent()}
