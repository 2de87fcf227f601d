"""The hash tree proves what it should, and nothing else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.audit import tree

LEAVES = [tree.leaf_hash(bytes([i])) for i in range(70)]

# Roots of the RFC 6962 reference data set (Certificate Transparency test vectors).
REFERENCE = [bytes.fromhex(h) for h in ("", "00", "10", "2021", "3031", "40414243")]
REFERENCE_ROOTS = {
    1: "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    2: "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    3: "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    4: "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    5: "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    6: "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
}


@pytest.mark.parametrize(("size", "root"), REFERENCE_ROOTS.items())
def test_reference_roots(size, root):
    assert tree.root_of(tree.leaf_hash(d) for d in REFERENCE[:size]).hex() == root


def test_every_inclusion_proof_holds_for_its_place_only():
    for size in range(1, 40):
        root = tree.root_of(LEAVES[:size])
        for index in range(size):
            proof = tree.inclusion_proof(LEAVES[:size], index)
            assert tree.verify_inclusion(LEAVES[index], index, size, proof, root)
            assert not tree.verify_inclusion(LEAVES[index + 1], index, size, proof, root)
            assert not tree.verify_inclusion(LEAVES[index], index, size, (*proof, root), root)
            if index + 1 < size:
                assert not tree.verify_inclusion(LEAVES[index], index + 1, size, proof, root)


def test_every_consistency_proof_holds_for_its_sizes_only():
    for new in range(1, 40):
        new_root = tree.root_of(LEAVES[:new])
        for old in range(new + 1):
            old_root = tree.root_of(LEAVES[:old])
            proof = tree.consistency_proof(LEAVES[:new], old)
            assert tree.verify_consistency(old, new, old_root, new_root, proof)
            wrong = tree.leaf_hash(b"wrong")
            assert not tree.verify_consistency(old, new, wrong, new_root, proof)
            if old:
                assert not tree.verify_consistency(old, new, old_root, wrong, proof)


@given(st.lists(st.binary(max_size=5), max_size=60))
def test_a_frontier_grows_to_the_same_root(data):
    leaves = [tree.leaf_hash(d) for d in data]
    frontier = tree.frontier_of(leaves)
    assert frontier.size == len(leaves)
    assert frontier.root() == tree.root_of(leaves)
    assert tree.Frontier(frontier.size, frontier.hashes) == frontier


@given(st.integers(0, 80), st.integers(0, 80), st.lists(st.sampled_from(LEAVES), max_size=9))
def test_random_proofs_prove_nothing(index, size, proof):
    root = tree.root_of(LEAVES)
    assert not tree.verify_inclusion(tree.leaf_hash(b"new"), index, size, proof, root)


def test_impossible_requests_are_refused():
    with pytest.raises(ValueError):
        tree.inclusion_proof(LEAVES, len(LEAVES))
    with pytest.raises(ValueError):
        tree.consistency_proof(LEAVES, len(LEAVES) + 1)
    with pytest.raises(ValueError):
        tree.Frontier(3, (b"",))
    assert not tree.verify_consistency(3, 2, b"", b"", ())
    assert not tree.verify_consistency(2, 3, tree.root_of(LEAVES[:2]), b"", ())
