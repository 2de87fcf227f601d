"""The HTTPS link: whom it believes, what it refuses, how long it waits."""

import base64
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from kiosk.crypto.certificates import make_ca
from kiosk.crypto.digests import b64u, sha256
from kiosk.crypto.http_signatures import verify_request
from kiosk.crypto.signing import SigningKey
from kiosk.domain.errors import (
    CaptivePortalError,
    CertificateError,
    ProtocolError,
    SyncError,
    UnreachableError,
)
from kiosk.ports import CentralSide, CollectorLink
from kiosk.sync.messages import MAX_MESSAGE_BYTES, Problem, encode
from kiosk.sync.signed_time import sign_time
from kiosk.transport.doorstep import Doorstep, look
from kiosk.transport.https_link import Deadlines, HttpsLinks
from tests.fakes.clock import FakeClock
from tests.fakes.ports import give_back, take_port
from tests.fakes.scripted_server import Answer, Asked, ScriptedServer, scripted

LOG = SigningKey.from_seed(b"l" * 32)
DEVICE = SigningKey.from_seed(b"d" * 32)
SHORT = Deadlines(connect_s=5, pause_s=0.3, call_s=5)
PATIENT = Deadlines(connect_s=60, pause_s=60, call_s=60)
"""Where something is to come: how fast the machine is, is not asked."""


def now() -> datetime:
    return datetime.now(UTC)


@contextmanager
def linked(
    server: ScriptedServer,
    clock: FakeClock | None = None,
    ca_pem: str | None = None,
    deadlines: Deadlines = PATIENT,
) -> Iterator[CollectorLink]:
    side = CentralSide(server.url, ca_pem or server.ca_pem, "log.test", LOG.public)
    link = HttpsLinks(clock or FakeClock(wall=now()), deadlines).open(side, DEVICE)
    try:
        yield link
    finally:
        link.close()


def telling(asked: Asked) -> Answer:
    return Answer(200, b"{}", {"Content-Type": "application/json"})


def test_an_answer_comes_back_whole(tmp_path: Path) -> None:
    with scripted(tmp_path, telling) as server, linked(server) as link:
        answer = link.call("POST", "/v1/x?y=1", b"body", etag='"e"')
    assert (answer.status, answer.body) == (200, b"{}")
    (asked,) = server.asked
    assert (asked.method, asked.path, asked.body) == ("POST", "/v1/x?y=1", b"body")
    assert asked.headers["if-none-match"] == '"e"'


def test_every_call_is_signed_over_its_body(tmp_path: Path) -> None:
    with scripted(tmp_path, telling) as server, linked(server) as link:
        link.call("PUT", "/v1/x", b"body")
    (asked,) = server.asked
    verified = verify_request(
        "PUT", f"{server.url}/v1/x", asked.headers, lambda _: DEVICE.public, now()
    )
    assert (verified.key_id, verified.body_sha256) == (DEVICE.key_id, sha256(b"body"))


def test_a_server_of_another_authority_is_refused(tmp_path: Path) -> None:
    stranger = make_ca("Another", now())[0].decode()
    with (
        scripted(tmp_path, telling) as server,
        linked(server, ca_pem=stranger) as link,
        pytest.raises(CertificateError),
    ):
        link.call("GET", "/v1/x")
    assert server.asked == []


def test_a_certificate_for_another_host_is_refused(tmp_path: Path) -> None:
    with (
        scripted(tmp_path, telling, hosts=["collector.example"]) as server,
        linked(server) as link,
        pytest.raises(CertificateError),
    ):
        link.call("GET", "/v1/x")
    assert server.asked == []


def test_an_authority_that_is_no_certificate_is_refused() -> None:
    side = CentralSide("https://127.0.0.1:1", "nothing", "log.test", LOG.public)
    with pytest.raises(CertificateError):
        HttpsLinks(FakeClock()).open(side, DEVICE)


def test_older_tls_is_refused(tmp_path: Path) -> None:
    with (
        scripted(tmp_path, telling, tls=ssl.TLSVersion.TLSv1_2) as server,
        linked(server) as link,
        pytest.raises(ProtocolError),
    ):
        link.call("GET", "/v1/x")
    assert server.asked == []


def test_a_server_without_tls_is_refused(tmp_path: Path) -> None:
    with (
        scripted(tmp_path, telling, tls=None) as server,
        linked(server) as link,
        pytest.raises(ProtocolError),
    ):
        link.call("GET", "/v1/x")
    assert server.asked == []


def test_nobody_there(tmp_path: Path) -> None:
    with scripted(tmp_path, telling) as server:
        pass
    with linked(server) as link, pytest.raises(UnreachableError):
        link.call("GET", "/v1/x")


def test_a_captive_portal_is_not_believed(tmp_path: Path) -> None:
    def portal(_asked: Asked) -> Answer:
        return Answer(200, b"<html>Wi-Fi</html>", {"Content-Type": "text/html; charset=utf-8"})

    with (
        scripted(tmp_path, portal) as server,
        linked(server) as link,
        pytest.raises(ProtocolError),
    ):
        link.call("PUT", "/v1/devices/d/records/1", b"blob")


def test_a_redirect_is_not_followed(tmp_path: Path) -> None:
    def redirecting(_asked: Asked) -> Answer:
        return Answer(302, b"", {"Location": "/elsewhere"})

    with scripted(tmp_path, redirecting) as server, linked(server) as link:
        assert link.call("GET", "/v1/x").status == 302
    assert len(server.asked) == 1


@pytest.mark.parametrize("encoding", ["gzip", "br", "deflate, gzip"])
def test_a_compressed_answer_is_not_read(tmp_path: Path, encoding: str) -> None:
    def compressing(_asked: Asked) -> Answer:
        return Answer(200, b"{}", {"Content-Encoding": encoding})

    with (
        scripted(tmp_path, compressing) as server,
        linked(server) as link,
        pytest.raises(ProtocolError),
    ):
        link.call("GET", "/v1/x")
    assert server.asked[0].headers["accept-encoding"] == "identity"


def test_an_endless_answer_is_cut(tmp_path: Path) -> None:
    with (
        scripted(tmp_path, lambda _: Answer(200, b" " * (MAX_MESSAGE_BYTES + 1))) as server,
        linked(server) as link,
        pytest.raises(ProtocolError),
    ):
        link.call("GET", "/v1/x")


def test_a_silent_server_is_left(tmp_path: Path) -> None:
    released = threading.Event()

    def silent(_asked: Asked) -> Answer:
        released.wait(60)
        return Answer()

    with scripted(tmp_path, silent) as server, linked(server, deadlines=SHORT) as link:
        with pytest.raises(UnreachableError):
            link.call("GET", "/v1/x")
        released.set()


# --- wrong device clocks --------------------------------------------------------------------------


def timekeeper(at: datetime, max_age_s: int = 300):
    """A collector whose time is ``at``: signs it, and refuses signatures that are too old."""

    def script(asked: Asked) -> Answer:
        path, _, query = asked.path.partition("?")
        if path == "/v1/time":
            return Answer(
                200, sign_time(at, query.removeprefix("nonce="), "log.test", LOG).encode()
            )
        created = int(asked.headers["signature-input"].split("created=")[1].split(";")[0])
        if abs(at.timestamp() - created) > max_age_s:
            nonce = b64u(sha256(asked.headers["signature"].encode()))
            note = sign_time(at, nonce, "log.test", LOG)
            return Answer(401, encode(Problem(error="stale-signature", time=note)))
        return Answer(200, b"{}")

    return script


@pytest.mark.parametrize("years", [-55, -1, 1, 70])
def test_a_signature_of_a_wrong_clock_is_repeated_with_signed_time(
    tmp_path: Path, years: int
) -> None:
    clock = FakeClock(wall=now() + timedelta(days=365 * years))
    with scripted(tmp_path, timekeeper(now())) as server, linked(server, clock) as link:
        assert link.call("GET", "/v1/x").status == 200
        assert link.call("GET", "/v1/y").status == 200
    # Learnt once: the second call needs no second try.
    assert [asked.path for asked in server.asked] == ["/v1/x", "/v1/x", "/v1/y"]


def test_time_signed_by_a_stranger_is_not_believed(tmp_path: Path) -> None:
    def lying(asked: Asked) -> Answer:
        nonce = b64u(sha256(asked.headers["signature"].encode()))
        note = sign_time(now(), nonce, "log.test", SigningKey.generate())
        return Answer(401, encode(Problem(error="stale-signature", time=note)))

    with scripted(tmp_path, lying) as server, linked(server) as link, pytest.raises(ProtocolError):
        link.call("GET", "/v1/x")


def test_time_signed_by_the_key_of_a_coming_policy_is_believed(tmp_path: Path) -> None:
    """Its day may have come already: a device whose clock is wrong cannot know."""
    coming = SigningKey.generate()
    clock = FakeClock(wall=now() - timedelta(days=9_000))

    def stale(asked: Asked) -> Answer:
        created = int(asked.headers["signature-input"].split("created=")[1].split(";")[0])
        if abs(now().timestamp() - created) < 300:
            return Answer(200, b"{}")
        nonce = b64u(sha256(asked.headers["signature"].encode()))
        note = sign_time(now(), nonce, "log.next", coming)
        return Answer(401, encode(Problem(error="stale-signature", time=note)))

    with scripted(tmp_path, stale) as server:
        side = CentralSide(
            server.url, server.ca_pem, "log.test", LOG.public, (("log.next", coming.public),)
        )
        link = HttpsLinks(clock, PATIENT).open(side, DEVICE)
        assert link.call("GET", "/v1/x").status == 200
        link.close()
        with linked(server, clock) as other, pytest.raises(ProtocolError):
            other.call("GET", "/v1/x")


def test_time_replayed_from_another_call_is_not_believed(tmp_path: Path) -> None:
    old = sign_time(now(), b64u(sha256(b"an older signature")), "log.test", LOG)

    def replaying(_asked: Asked) -> Answer:
        return Answer(401, encode(Problem(error="stale-signature", time=old)))

    with (
        scripted(tmp_path, replaying) as server,
        linked(server) as link,
        pytest.raises(ProtocolError),
    ):
        link.call("GET", "/v1/x")


def test_a_plain_401_is_handed_back(tmp_path: Path) -> None:
    def refusing(_asked: Asked) -> Answer:
        return Answer(401, encode(Problem(error="signature")))

    with scripted(tmp_path, refusing) as server, linked(server) as link:
        assert link.call("GET", "/v1/x").status == 401
    assert len(server.asked) == 1


# The certificate is dated in the machine's future (or past), so that this machine's clock plays the
# wrong one: only signed time can tell that the certificate is in force.


@pytest.mark.parametrize("years", [-20, 10])
def test_a_certificate_is_judged_by_signed_time(tmp_path: Path, years: int) -> None:
    at = now() + timedelta(days=365 * years)
    with (
        scripted(tmp_path, timekeeper(at), issued_at=at, days=90) as server,
        linked(server) as link,
    ):
        assert link.call("GET", "/v1/x").status == 200
        assert link.call("GET", "/v1/y").status == 200
    paths = [asked.path.partition("?")[0] for asked in server.asked]
    assert paths == ["/v1/time", "/v1/x", "/v1/y"]


def test_a_certificate_that_expired_in_true_time_too_is_refused(tmp_path: Path) -> None:
    long_ago = now() - timedelta(days=400)
    with (
        scripted(tmp_path, timekeeper(now()), issued_at=long_ago, days=30) as server,
        linked(server) as link,
        pytest.raises(CertificateError),
    ):
        link.call("GET", "/v1/x")
    assert [asked.path.partition("?")[0] for asked in server.asked] == ["/v1/time"]


def test_a_wrong_date_does_not_open_the_door_to_another_authority(tmp_path: Path) -> None:
    at = now() + timedelta(days=3650)
    stranger = make_ca("Another", at)[0].decode()
    with (
        scripted(tmp_path, timekeeper(at), issued_at=at) as server,
        linked(server, ca_pem=stranger) as link,
        pytest.raises(CertificateError),
    ):
        link.call("GET", "/v1/x")
    assert server.asked == []


def test_without_signed_time_a_wrong_date_stays_a_refusal(tmp_path: Path) -> None:
    at = now() + timedelta(days=3650)
    with (
        scripted(tmp_path, lambda _: Answer(200, base64.b64encode(b"x")), issued_at=at) as server,
        linked(server) as link,
        pytest.raises(ProtocolError),
    ):
        link.call("GET", "/v1/x")
    assert [asked.path.partition("?")[0] for asked in server.asked] == ["/v1/time"]


def test_first_contact_reads_what_anybody_may_read(tmp_path: Path) -> None:
    with scripted(tmp_path, telling) as server:
        answer = HttpsLinks(FakeClock(), PATIENT).first_contact(server.url)
    assert answer.status == 200
    (asked,) = server.asked
    assert asked.path == "/v1/authority"
    assert "signature" not in asked.headers


# --- a page of the network in the collector's place -----------------------------------------------


def told_by(server: ScriptedServer, ca_pem: str | None = None) -> str:
    """Code of what a call came to; nothing was asked of the server."""
    with linked(server, ca_pem=ca_pem) as link, pytest.raises(SyncError) as told:
        link.call("PUT", "/v1/devices/d/records/1", b"blob")
    assert server.asked == [], "nothing of ours was sent"
    return told.value.code


def a_stranger() -> str:
    return make_ca("Another", now())[0].decode()


def test_a_foreign_certificate_of_another_name_is_told_as_a_welcome_page(tmp_path: Path) -> None:
    with scripted(tmp_path, telling, hosts=["wifi.hotel.example"]) as server:
        assert told_by(server, a_stranger()) == CaptivePortalError.code


def test_an_old_welcome_page_is_told_too(tmp_path: Path) -> None:
    old = ssl.TLSVersion.TLSv1_2
    with scripted(tmp_path, telling, hosts=["wifi.hotel.example"], tls=old) as server:
        assert told_by(server, a_stranger()) == CaptivePortalError.code


def test_a_page_without_tls_is_told_as_a_welcome_page(tmp_path: Path) -> None:
    with scripted(tmp_path, telling, tls=None) as server:
        assert told_by(server) == CaptivePortalError.code


def test_an_impostor_is_not_called_a_welcome_page(tmp_path: Path) -> None:
    """It claims the collector's own name: nobody is told to log in there."""
    with scripted(tmp_path, telling) as server:
        assert told_by(server, a_stranger()) == CertificateError.code


def test_our_own_authority_under_another_name_is_no_welcome_page(tmp_path: Path) -> None:
    with scripted(tmp_path, telling, hosts=["collector.example"]) as server:
        assert told_by(server) == CertificateError.code


def test_old_tls_of_the_collector_itself_is_no_welcome_page(tmp_path: Path) -> None:
    with scripted(tmp_path, telling, tls=ssl.TLSVersion.TLSv1_2) as server:
        assert told_by(server) == ProtocolError.code


def test_html_behind_the_pinned_certificate_is_no_welcome_page(tmp_path: Path) -> None:
    def page(_asked: Asked) -> Answer:
        return Answer(200, b"<html>", {"Content-Type": "text/html"})

    with (
        scripted(tmp_path, page) as server,
        linked(server) as link,
        pytest.raises(ProtocolError) as told,
    ):
        link.call("GET", "/v1/x")
    assert told.value.code == ProtocolError.code


@pytest.mark.parametrize(
    "answer",
    [
        Answer(200, b"<html>Wi-Fi</html>", {"Content-Type": "text/html; charset=utf-8"}),
        Answer(302, b"", {"Location": "https://wifi.hotel.example/"}),
    ],
    ids=["page", "redirect"],
)
def test_at_the_first_contact_a_page_or_a_redirect_is_a_welcome_page(
    tmp_path: Path, answer: Answer
) -> None:
    links = HttpsLinks(FakeClock(wall=now()), PATIENT)
    with (
        scripted(tmp_path, lambda _: answer) as server,
        pytest.raises(CaptivePortalError),
    ):
        links.first_contact(server.url)
    assert len(server.asked) == 1, "no redirect is followed"


@pytest.mark.parametrize(
    ("said", "seen"),
    [
        (b"HTTP/1.1 302 Found\r\nLocation: http://wifi.example/\r\n\r\n", Doorstep.PORTAL),
        (b"<!DOCTYPE html><p>Wi-Fi", Doorstep.PORTAL),
        (b"220 mail.example ESMTP\r\n", Doorstep.UNKNOWN),
        (b"\x15\x03\x01\x00\x02\x02\x28", Doorstep.UNKNOWN),
        (b"", Doorstep.UNKNOWN),
    ],
    ids=["redirect", "page", "mail", "alert", "silence"],
)
def test_what_is_not_clear_is_not_guessed(said: bytes, seen: Doorstep) -> None:
    with one_answer(said) as port:
        assert look(f"https://127.0.0.1:{port}/v1/x", 5) is seen


def test_nobody_at_the_door() -> None:
    port = take_port()
    assert look(f"https://127.0.0.1:{port}", 60) is Doorstep.UNKNOWN
    give_back(port)


@contextmanager
def one_answer(said: bytes) -> Iterator[int]:
    """A server that reads once, says this, and hangs up."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(60)

        def serve() -> None:
            with suppress(OSError):
                line, _ = server.accept()
                with line:
                    line.recv(16_384)
                    line.sendall(said)

        thread = threading.Thread(target=serve)
        thread.start()
        yield server.getsockname()[1]
        if not said:
            with suppress(OSError):
                socket.create_connection(server.getsockname(), 1).close()
        thread.join()
