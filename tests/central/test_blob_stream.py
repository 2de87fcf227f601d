"""Sealed records cut into header and payload while they arrive, wherever the network cuts them."""

import hashlib
import os
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from central.collector.records import BlobStream
from central.collector.refusal import CallRefusedError
from kiosk.crypto import age
from kiosk.sync.messages import MAX_BLOB_BYTES

BLOB = age.encrypt(os.urandom(3_000), [age.Identity.generate().recipient])
HEADER, PAYLOAD = age.split(BLOB)


class Kept:
    """What would lie in the store."""

    def __init__(self):
        self.data = b""

    def write(self, chunk):
        self.data += chunk


def fed(pieces):
    kept = Kept()
    stream = BlobStream(kept)
    for piece in pieces:
        stream.feed(piece)
    return stream, kept


@given(st.lists(st.integers(0, len(BLOB)), max_size=12))
def test_header_and_payload_are_the_same_however_they_arrive(cuts):
    bounds = [0, *sorted(cuts), len(BLOB)]
    stream, kept = fed(BLOB[a:b] for a, b in pairwise(bounds))
    assert stream.header == HEADER
    assert kept.data == PAYLOAD
    assert stream.payload_len == len(PAYLOAD)
    assert stream.received == len(BLOB)
    assert stream.blob_sha256 == hashlib.sha256(BLOB).digest()
    assert stream.payload_sha256 == hashlib.sha256(PAYLOAD).digest()


@pytest.mark.parametrize("piece", [1000, 70_000, 200_000])
def test_what_never_begins_as_a_sealed_record_is_refused(piece):
    noise = bytes(200_000)
    with pytest.raises(CallRefusedError, match="422 not-sealed"):
        fed(noise[at : at + piece] for at in range(0, len(noise), piece))


def test_a_record_that_is_too_long_is_refused_before_it_is_written():
    kept = Kept()
    stream = BlobStream(kept)
    with pytest.raises(CallRefusedError, match="413 too-large"):
        stream.feed(BLOB + bytes(MAX_BLOB_BYTES))
    assert kept.data == b""
