"""What every camera adapter must do, whatever is behind it (``kiosk.ports.FrameSource``)."""

from __future__ import annotations

import threading
from contextlib import suppress
from itertools import pairwise

import numpy as np
import pytest

from kiosk.domain.errors import CameraUnpluggedError, CaptureError
from kiosk.ports import FrameSource


class FrameSourceContract:
    """Subclass it and give a ``source`` fixture: a stopped source that could deliver pictures."""

    def test_it_has_a_name_before_it_is_opened(self, source: FrameSource):
        assert source.name

    def test_pictures_are_bgr_bytes(self, source: FrameSource):
        source.start()
        image = source.read().image
        assert image.dtype == np.uint8
        assert image.ndim == 3
        assert image.shape[2] == 3
        assert min(image.shape[:2]) > 0

    def test_sequence_numbers_rise_and_time_never_goes_back(self, source: FrameSource):
        source.start()
        frames = [source.read() for _ in range(4)]
        assert all(a.seq < b.seq for a, b in pairwise(frames))
        assert all(a.timestamp_ms <= b.timestamp_ms for a, b in pairwise(frames))

    def test_numbers_begin_again_after_a_new_start(self, source: FrameSource):
        source.start()
        last = [source.read().seq for _ in range(12)][-1]
        source.stop()
        source.start()
        assert source.read().seq < last

    def test_reading_a_stopped_source_says_so(self, source: FrameSource):
        source.start()
        source.read()
        source.stop()
        with pytest.raises(CameraUnpluggedError):
            source.read()

    def test_reading_a_source_never_started_says_so(self, source: FrameSource):
        with pytest.raises(CaptureError):
            source.read(50)

    def test_it_may_be_stopped_twice_and_without_a_start(self, source: FrameSource):
        source.stop()
        source.start()
        source.stop()
        source.stop()

    def test_a_stop_from_another_thread_ends_a_running_read(self, source: FrameSource):
        source.start()
        ended = threading.Event()

        def keep_reading() -> None:
            with suppress(CaptureError):
                while True:
                    source.read(5000)
            ended.set()

        reader = threading.Thread(target=keep_reading)
        reader.start()
        source.stop()
        reader.join(60)
        assert ended.is_set()
