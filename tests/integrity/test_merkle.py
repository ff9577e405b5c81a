from __future__ import annotations

import json
import re
from base64 import b64decode
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.merkle_nodes import nodes_over

from store.errors import BadInput, IntegrityFailure
from store.integrity.merkle import (
    EMPTY_ROOT,
    Frontier,
    RootBuilder,
    consistency_proof,
    frontier_from_nodes,
    inclusion_proof,
    leaf_hash,
    node_hash,
    verify_consistency,
    verify_inclusion,
)


def slow_root(leaves: list[bytes]) -> bytes:
    """RFC 9162 section 2.1.1, word for word."""
    if not leaves:
        return EMPTY_ROOT
    if len(leaves) == 1:
        return leaves[0]
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return node_hash(slow_root(leaves[:k]), slow_root(leaves[k:]))


LEAVES = [leaf_hash(str(number).encode()) for number in range(70)]
NODES = nodes_over(LEAVES)
ROOTS = [slow_root(LEAVES[:size]) for size in range(71)]


def test_the_constants_of_the_rfc_hold() -> None:
    assert EMPTY_ROOT.hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert leaf_hash(b"").hex() == "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
    assert leaf_hash(b"L123456").hex() == "395aa064aa4c29f7010acfe3f25db9485bbd4b91897b6ad7ad547639252b4d56"
    assert node_hash(b"N123", b"N456").hex() == "aa217fe888e47007fa15edab33c2b492a722cb106c64667fc2b044444de66bbb"


def test_the_reference_tree_has_its_roots(vectors: Path) -> None:
    tree = json.loads((vectors / "merkle-rfc6962" / "reference_tree.json").read_text())
    leaves = [leaf_hash(bytes.fromhex(data)) for data in tree["leaf_inputs_hex"]]
    levels = [[bytes.fromhex(value) for value in hashes] for hashes in tree["node_hashes_by_level_hex"]]
    assert levels[0] == leaves
    for size, root in enumerate(tree["root_hash_by_tree_size_hex"]):
        assert frontier_from_nodes(size, lambda level, index: levels[level][index]).root().hex() == root


def test_published_inclusion_proofs_get_their_verdicts(vectors: Path) -> None:
    files = sorted((vectors / "merkle-rfc6962" / "testdata" / "inclusion").rglob("*.json"))
    for file in files:
        case = json.loads(file.read_text())
        proof = [b64decode(line) for line in case["proof"] or []]
        arguments = (case["leafIdx"], case["treeSize"], b64decode(case["leafHash"]), proof, b64decode(case["root"]))
        expect(verify_inclusion, arguments, wrong=case["wantErr"], name=str(file))
    assert len(files) == 98


def test_published_consistency_proofs_get_their_verdicts(vectors: Path) -> None:
    files = sorted((vectors / "merkle-rfc6962" / "testdata" / "consistency").rglob("*.json"))
    for file in files:
        case = json.loads(file.read_text())
        proof = [b64decode(line) for line in case["proof"] or []]
        arguments = (case["size1"], case["size2"], proof, *roots_of(case))
        expect(verify_consistency, arguments, wrong=case["wantErr"], name=str(file))
    assert len(files) == 98


def test_published_inclusion_in_subtrees_gets_its_verdicts(vectors: Path) -> None:
    """A subtree over [start, end) is a tree of its own; which ones there are is the only rule beside ours."""
    files = sorted((vectors / "merkle-rfc6962" / "testdata" / "subtreeinclusion").rglob("*.json"))
    for file in files:
        case = json.loads(file.read_text())
        proof = [b64decode(line) for line in case["proof"] or []]
        start, end, index = case["start"], case["end"], case["leafIdx"]
        if not start <= index < end or start % (1 << (end - start - 1).bit_length()):
            assert case["wantErr"], file
            continue
        arguments = (index - start, end - start, b64decode(case["leafHash"]), proof, b64decode(case["root"]))
        expect(verify_inclusion, arguments, wrong=case["wantErr"], name=str(file))
    assert len(files) == 204


def test_published_consistency_of_leading_subtrees_gets_its_verdicts(vectors: Path) -> None:
    """A subtree that starts at 0 is an earlier tree; others need a proof that we neither make nor read."""
    files = sorted((vectors / "merkle-rfc6962" / "testdata" / "subtreeconsistency").rglob("*.json"))
    cases = [json.loads(file.read_text()) for file in files]
    leading = [case for case in cases if case["start"] == 0]
    for case in leading:
        proof = [b64decode(line) for line in case["proof"] or []]
        arguments = (case["end"], case["size"], proof, *roots_of(case))
        nothing = case["end"] == 0  # from nothing there is nothing to prove: the caller's case, as in the RFC
        expect(verify_consistency, arguments, wrong=case["wantErr"] or nothing, name=str(case))
    assert (len(files), len(leading)) == (118, 102)


def roots_of(case: dict[str, str]) -> list[bytes]:
    """Some cases name roots in words ("don't care 2"), which we refuse for their length alone."""
    return [root if len(root) == 32 else leaf_hash(root) for root in map(b64decode, (case["root1"], case["root2"]))]


def expect(check: object, arguments: tuple[object, ...], *, wrong: bool, name: str) -> None:
    try:
        check(*arguments)
    except IntegrityFailure:
        assert wrong, name
    else:
        assert not wrong, name


@pytest.mark.parametrize(("name", "size"), [("dump_tree_output_96", 96), ("dump_tree_output_871", 871)])
def test_trillians_trees_have_our_nodes(vectors: Path, name: str, size: int) -> None:
    tiles = trillian_tiles((vectors / "trillian-tree/integration/format/testdata" / name).read_text())
    leaves = [tiles[tile][8, index] for tile in sorted(tiles) if len(tile) == 7 for index in tile_leaves(tiles[tile])]
    assert len(leaves) == size
    compared = 0
    for prefix, tile in tiles.items():
        base_level = (7 - len(prefix)) * 8
        first = int.from_bytes(prefix, "big")
        for (depth, path), value in tile.items():
            level = base_level + 8 - depth
            index = (first << depth) + (path >> (8 - depth))
            assert root_over(leaves[index << level : (index + 1) << level]) == value
            compared += 1
    assert compared >= sum(size >> level for level in range(size.bit_length())), "every complete subtree"


def root_over(leaves: list[bytes]) -> bytes:
    builder = RootBuilder()
    for leaf in leaves:
        builder.add(leaf)
    return builder.root()


def tile_leaves(tile: dict[tuple[int, int], bytes]) -> list[int]:
    return sorted(path for depth, path in tile if depth == 8)


def trillian_tiles(text: str) -> dict[bytes, dict[tuple[int, int], bytes]]:
    tiles: dict[bytes, dict[tuple[int, int], bytes]] = {}
    prefix, key = b"", b""
    for name, quoted in re.findall(r'^\s*(prefix|key|value): "((?:[^"\\]|\\.)*)"$', text, re.MULTILINE):
        data = unescaped(quoted)
        if name == "prefix":
            prefix = data
        elif name == "key":
            key = b64decode(data)
        else:
            tiles.setdefault(prefix, {})[key[0], key[1]] = data
    return tiles


def unescaped(text: str) -> bytes:
    simple = {"n": b"\n", "r": b"\r", "t": b"\t", "a": b"\a", "b": b"\b", "f": b"\f", "v": b"\v"}
    data = b""
    for part in re.findall(r"\\x[0-9a-f]{2}|\\u[0-9a-f]{4}|\\.|[^\\]+", text, re.DOTALL):
        if part.startswith("\\x"):
            data += bytes.fromhex(part[2:])
        elif part.startswith("\\u"):
            data += part.encode().decode("unicode_escape").encode()
        elif part.startswith("\\"):
            data += simple.get(part[1], part[1].encode())
        else:
            data += part.encode()
    return data


def test_every_way_to_a_root_agrees_for_every_size() -> None:
    frontier, builder = Frontier(), RootBuilder()
    for size in range(71):
        assert frontier.root() == builder.root() == frontier_from_nodes(size, NODES).root() == ROOTS[size]
        assert frontier == builder.frontier() == frontier_from_nodes(size, NODES)
        assert frontier.size == builder.size == size
        if size < 70:
            frontier = frontier.append(LEAVES[size])
            builder.add(LEAVES[size])


def test_a_builder_continues_from_a_kept_frontier() -> None:
    builder = RootBuilder(frontier_from_nodes(37, NODES))
    for leaf in LEAVES[37:]:
        builder.add(leaf)
    assert builder.root() == ROOTS[70]


def test_every_inclusion_proof_of_every_small_tree_holds_and_no_changed_bit_does() -> None:
    for size in range(1, 71):
        for index in range(size):
            proof = inclusion_proof(index, size, NODES)
            verify_inclusion(index, size, LEAVES[index], proof, ROOTS[size])
            for broken in ([*proof, EMPTY_ROOT], proof[:-1] or [EMPTY_ROOT], [EMPTY_ROOT, *proof]):
                with pytest.raises(IntegrityFailure):
                    verify_inclusion(index, size, LEAVES[index], broken, ROOTS[size])
            for other in {index - 1, index + 1, index ^ 1} - {index}:
                with pytest.raises(IntegrityFailure):
                    verify_inclusion(other, size, LEAVES[index], proof, ROOTS[size])


def test_every_consistency_proof_of_every_small_tree_holds() -> None:
    for size in range(1, 71):
        for old in range(1, size + 1):
            proof = consistency_proof(old, size, NODES)
            verify_consistency(old, size, proof, ROOTS[old], ROOTS[size])
            for broken in ([*proof, EMPTY_ROOT], [EMPTY_ROOT, *proof], proof[:-1] if proof else [ROOTS[size]]):
                with pytest.raises(IntegrityFailure):
                    verify_consistency(old, size, broken, ROOTS[old], ROOTS[size])
            if old < size:
                with pytest.raises(IntegrityFailure):
                    verify_consistency(old, size, proof, ROOTS[size], ROOTS[old])


@pytest.mark.parametrize("size", [1, 2, 3, 5, 8, 13, 33])
def test_every_flipped_bit_of_a_proof_is_noticed(size: int) -> None:
    index, old = size // 2, max(1, size - 2)
    included, consistent = inclusion_proof(index, size, NODES), consistency_proof(old, size, NODES)
    for bit in range(256):
        for place in range(len(included) + 2):
            parts = [LEAVES[index], ROOTS[size], *included]
            parts[place] = flipped(parts[place], bit)
            with pytest.raises(IntegrityFailure):
                verify_inclusion(index, size, parts[0], parts[2:], parts[1])
        for place in range(len(consistent) + 2):
            parts = [ROOTS[old], ROOTS[size], *consistent]
            parts[place] = flipped(parts[place], bit)
            with pytest.raises(IntegrityFailure):
                verify_consistency(old, size, parts[2:], parts[0], parts[1])


def flipped(data: bytes, bit: int) -> bytes:
    changed = bytearray(data)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


def test_nothing_is_proven_about_an_empty_or_shrinking_tree() -> None:
    for old, size in ((0, 0), (0, 5), (6, 5), (-1, 5)):
        with pytest.raises(IntegrityFailure, match="nothing to prove"):
            verify_consistency(old, size, [], ROOTS[max(old, 0)], ROOTS[size])
    assert consistency_proof(0, 5, NODES) == consistency_proof(5, 5, NODES) == []
    with pytest.raises(BadInput):
        consistency_proof(6, 5, NODES)
    with pytest.raises(BadInput):
        inclusion_proof(5, 5, NODES)


def test_hashes_of_other_lengths_and_endless_proofs_are_refused() -> None:
    with pytest.raises(IntegrityFailure, match="32 bytes"):
        verify_inclusion(0, 2, LEAVES[0], [LEAVES[1][:31]], ROOTS[2])
    with pytest.raises(IntegrityFailure, match="32 bytes"):
        verify_consistency(1, 1, [], b"", b"")
    with pytest.raises(IntegrityFailure, match="more than 63"):
        verify_inclusion(0, 2**62, LEAVES[0], [EMPTY_ROOT] * 64, ROOTS[2])


def test_two_roots_of_one_size_are_named_as_what_they_are() -> None:
    with pytest.raises(IntegrityFailure, match="two different roots for the same size 3"):
        verify_consistency(3, 3, [], ROOTS[3], ROOTS[4])


@given(st.integers(1, 5000), st.data())
def test_large_trees_prove_themselves(size: int, data: st.DataObject) -> None:
    index, old = data.draw(st.integers(0, size - 1)), data.draw(st.integers(1, size))
    root, root_then = frontier_from_nodes(size, repeated).root(), frontier_from_nodes(old, repeated).root()
    verify_inclusion(index, size, LEAVES[0], inclusion_proof(index, size, repeated), root)
    verify_consistency(old, size, consistency_proof(old, size, repeated), root_then, root)
    if old < size:
        with pytest.raises(IntegrityFailure):
            verify_consistency(old, size, consistency_proof(old, size, repeated), root, root_then)


def repeated(level: int, _: int) -> bytes:
    """The node of a tree whose leaves are all alike."""
    value = LEAVES[0]
    for _ in range(level):
        value = node_hash(value, value)
    return value
