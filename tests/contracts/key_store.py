"""What every key store promises. Subclass it in a test module and give the ``keys`` fixture."""

import pytest

from kiosk.ports import KeyStore


class KeyStoreContract:
    """The promises of ``kiosk.ports.KeyStore``."""

    @pytest.fixture
    def keys(self) -> KeyStore:
        pytest.fail("the test class gives this fixture")

    def test_a_secret_comes_back_byte_for_byte(self, keys: KeyStore):
        for secret in (bytes(range(256)), b"", b"\x00\xff" * 16):
            keys.put("database", secret)
            assert keys.get("database") == secret

    def test_names_are_apart(self, keys: KeyStore):
        keys.put("database", b"one")
        keys.put("device-secret", b"two")
        assert keys.get("database") == b"one"
        assert keys.get("device-secret") == b"two"
        assert keys.get("device-signing") is None

    def test_a_deleted_secret_is_gone(self, keys: KeyStore):
        keys.put("database", b"one")
        keys.delete("database")
        keys.delete("database")
        assert keys.get("database") is None

    def test_it_says_whether_it_is_the_demonstration(self, keys: KeyStore):
        assert keys.is_demonstration in (True, False)
