import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.numpy import load_file, save_file

from corpusforge.errors import InputError
from corpusforge.weights.tensors import Tensor, TensorFile, is_same, write_tensors

SHAPES = st.lists(st.integers(0, 4), max_size=3).map(tuple)
DTYPES = {"F64": "<f8", "F32": "<f4", "F16": "<f2", "I64": "<i8", "I8": "i1", "U8": "u1", "BOOL": "?"}
NAMES = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=8).filter(lambda name: name != "__metadata__")
TENSORS = st.dictionaries(NAMES, st.tuples(st.sampled_from(sorted(DTYPES)), SHAPES), max_size=5)


def _arrays(described) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(3)
    return {
        name: rng.integers(0, 2, shape).astype(DTYPES[dtype]) if shape else np.array(1, DTYPES[dtype])
        for name, (dtype, shape) in described.items()
    }


@given(TENSORS)
@settings(max_examples=60, deadline=None)
def test_what_we_write_the_safetensors_package_reads(tmp_path_factory, described):
    path = tmp_path_factory.mktemp("written") / "model.safetensors"
    arrays = _arrays(described)
    write_tensors(
        path,
        {name: Tensor.of(*each) for name, each in described.items()},
        lambda name: [arrays[name].reshape(-1)],
        {"format": "pt"},
    )
    found = load_file(path)
    assert found.keys() == arrays.keys()
    for name, array in arrays.items():
        np.testing.assert_array_equal(found[name], array)


@given(TENSORS)
@settings(max_examples=60, deadline=None)
def test_what_the_safetensors_package_writes_we_read(tmp_path_factory, described):
    path = tmp_path_factory.mktemp("theirs") / "model.safetensors"
    arrays = _arrays(described)
    save_file(arrays, path, {"a": "b"})
    found = TensorFile.read(path)
    assert found.metadata == {"a": "b"}
    assert {name: (tensor.dtype, tensor.shape) for name, tensor in found.tensors.items()} == described
    assert {name: found.raw(name).tobytes() for name in described} == {name: each.tobytes() for name, each in arrays.items()}


def _file(header: object, size: int) -> bytes:
    described = json.dumps(header).encode()
    return len(described).to_bytes(8, "little") + described + bytes(size)


def _tensor(dtype="F32", shape=(2,), begin=0, end=8) -> dict:
    return {"dtype": dtype, "shape": list(shape), "data_offsets": [begin, end]}


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"", "header of 0 bytes in 0"),
        ((10**15).to_bytes(8, "little") + b"{}", "header of 1,000,000,000,000,000 bytes"),
        (b"\x02" + bytes(7) + b"{]", "cannot be read"),
        (_file([1], 0), "cannot be read"),
        (_file({"a": {"dtype": "F32"}}, 8), "cannot be read"),
        (_file({"a": _tensor(shape=(-2,))}, 8), "cannot be read"),
        (_file({"a": _tensor(shape=(3,))}, 8), r"a has 8 bytes for F32 \[3\]"),
        (_file({"a": _tensor()}, 7), "end at byte 8 and go on at 7"),
        (_file({"a": _tensor()}, 9), "end at byte 8 and go on at 9"),
        (_file({"a": _tensor(), "b": _tensor(begin=4, end=12)}, 12), "end at byte 8 and go on at 4"),
        (_file({"a": _tensor(), "b": _tensor(begin=9, end=17)}, 17), "end at byte 8 and go on at 9"),
    ],
)
def test_a_damaged_file_is_named_with_what_is_wrong(tmp_path, content, what):
    path = tmp_path / "model.safetensors"
    path.write_bytes(content)
    with pytest.raises(InputError, match=what) as raised:
        TensorFile.read(path)
    assert str(raised.value).startswith(f"{path}: not a whole safetensors file")


def test_a_format_that_we_do_not_know_is_handed_on_by_its_bytes(tmp_path):
    path = tmp_path / "model.safetensors"
    path.write_bytes(_file({"a": _tensor("F6_E2M3", (4,), 0, 3)}, 3))
    found = TensorFile.read(path)
    write_tensors(tmp_path / "copy", found.tensors, lambda name: [found.raw(name)], {})
    assert TensorFile.read(tmp_path / "copy").tensors == found.tensors


@pytest.mark.parametrize("place", [0, 5_000_000, 9_999_999])
def test_one_other_bit_makes_arrays_differ_and_nan_does_not(place):
    one = np.full(10_000_000, np.nan, np.float32).reshape(-1, 10)
    two = one.copy()
    assert is_same(one, two)
    two.view(np.uint32).reshape(-1)[place] ^= 1
    assert not is_same(one, two)
