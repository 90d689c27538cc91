"""The Merkle tree of the audit log, against the reference data of RFC 6962 and a naive tree."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workflow.store import merkle
from workflow.store.audit_entry import leaf_hash as entry_hash

# The leaves and roots that the reference implementation of RFC 6962 tests itself with
# (certificate-transparency, merkletree/merkle_tree_test.cc).
LEAVES = tuple(
    merkle.leaf_hash(bytes.fromhex(data))
    for data in (
        "", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f",
    )
)  # fmt: skip
ROOTS = (
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
)
A = "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e"
B = "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b"
C = "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0"
INCLUSION = (  # (index, size, path)
    (0, 1, ()),
    (0, 8, ("96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7", A,
            "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4")),
    (5, 8, (B, C, ROOTS[3])),
    (2, 3, (ROOTS[1],)),
    (1, 5, (ROOTS[0], A, B)),
)  # fmt: skip
CONSISTENCY = (  # (first, second, path)
    (1, 1, ()),
    (1, 8, ("96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7", A,
            "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4")),
    (6, 8, ("0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a", C, ROOTS[3])),
    (2, 5, (A, B)),
)  # fmt: skip


def naive_root(leaves):
    """MTH of RFC 6962 §2.1, word for word."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return hashlib.sha256(b"\x01" + naive_root(leaves[:k]) + naive_root(leaves[k:])).digest()


leaf_lists = st.lists(st.binary(min_size=32, max_size=32), min_size=1, max_size=70)


def test_the_empty_tree_has_the_hash_of_nothing():
    assert merkle.Tree().root.hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


def test_an_entry_is_hashed_as_a_leaf():
    assert entry_hash("關防") == merkle.leaf_hash("關防".encode())


@pytest.mark.parametrize("size", range(1, 9))
def test_roots_are_those_of_the_reference_data(size):
    assert merkle.root_of(LEAVES[:size]).hex() == ROOTS[size - 1]


@pytest.mark.parametrize(("index", "size", "path"), INCLUSION)
def test_inclusion_proofs_are_those_of_the_reference_data(index, size, path):
    assert [step.hex() for step in merkle.inclusion_proof(LEAVES[:size], index)] == list(path)


@pytest.mark.parametrize(("first", "second", "path"), CONSISTENCY)
def test_consistency_proofs_are_those_of_the_reference_data(first, second, path):
    assert [step.hex() for step in merkle.consistency_proof(LEAVES[:second], first)] == list(path)


@given(leaf_lists, st.data())
def test_a_tree_grown_in_any_steps_has_the_naive_root(leaves, data):
    cuts = sorted(data.draw(st.lists(st.integers(0, len(leaves)), max_size=5)))
    tree = merkle.Tree()
    for start, end in zip([0, *cuts], [*cuts, len(leaves)], strict=True):
        tree = merkle.Tree.unpacked(tree.size, tree.packed()).extend(leaves[start:end])
        assert tree.root == naive_root(leaves[:end])


@given(leaf_lists, st.data())
def test_a_leaf_is_proven_at_its_place_and_at_no_other(leaves, data):
    index = data.draw(st.integers(0, len(leaves) - 1))
    proof, root = merkle.inclusion_proof(leaves, index), naive_root(leaves)
    merkle.verify_inclusion(leaves[index], index, len(leaves), proof, root)
    with pytest.raises(merkle.ProofError):
        merkle.verify_inclusion(bytes(31) + b"x", index, len(leaves), proof, root)
    with pytest.raises(merkle.ProofError):
        merkle.verify_inclusion(leaves[index], index, len(leaves), (*proof, root), root)
    with pytest.raises(merkle.ProofError):
        merkle.verify_inclusion(leaves[index], len(leaves), len(leaves), proof, root)


@given(leaf_lists, st.data())
def test_an_earlier_tree_is_proven_to_be_the_beginning(leaves, data):
    first = data.draw(st.integers(1, len(leaves)))
    old, new = (first, naive_root(leaves[:first])), merkle.Tree().extend(leaves)
    proof = merkle.consistency_proof(leaves, first)
    merkle.verify_consistency(old, new, proof)
    for broken in ((first, hashlib.sha256(old[1]).digest()), (len(leaves) + 1, old[1]), (0, old[1])):
        with pytest.raises(merkle.ProofError):
            merkle.verify_consistency(broken, new, proof)
    with pytest.raises(merkle.ProofError):
        merkle.verify_consistency(old, new, (*proof, bytes(32)))
    if proof:
        with pytest.raises(merkle.ProofError):
            merkle.verify_consistency(old, new, proof[:-1])


@pytest.mark.parametrize(
    ("size", "peaks"), [(1, b""), (3, bytes(32)), (2, bytes(33)), (-1, bytes(32)), (0, bytes(1))]
)
def test_peaks_that_do_not_fit_the_size_are_refused(size, peaks):
    with pytest.raises(ValueError, match="peaks"):
        merkle.Tree.unpacked(size, peaks)


def test_proofs_of_what_is_not_there_are_refused():
    with pytest.raises(ValueError, match="no leaf"):
        merkle.inclusion_proof(LEAVES, 8)
    with pytest.raises(ValueError, match="beginning"):
        merkle.consistency_proof(LEAVES, 0)
