import numpy as np
import pytest
import torch

from corpusforge.weights.floats import STORED, narrowed, widened

TORCH = {"F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16}


def _torch_bits(values: torch.Tensor, name: str) -> np.ndarray:
    return values.to(TORCH[name]).view(torch.uint16 if name != "F32" else torch.uint32).numpy()


@pytest.mark.parametrize("name", ["F16", "BF16"])
def test_every_value_of_16_bits_is_read_as_torch_reads_it_and_comes_back(name):
    bits = np.arange(2**16, dtype=np.uint16)
    values = widened(bits.view(STORED[name]), name)
    expected = torch.from_numpy(bits).view(TORCH[name]).float().numpy()
    np.testing.assert_array_equal(values, expected)
    is_number = ~np.isnan(values)
    np.testing.assert_array_equal(narrowed(values, name).view(np.uint16)[is_number], bits[is_number])
    assert np.isnan(widened(narrowed(values, name), name)[~is_number]).all()


@pytest.mark.parametrize("name", ["F32", "F16", "BF16"])
def test_any_value_is_rounded_as_torch_rounds_it(name):
    bits = np.random.default_rng(1).integers(0, 2**32, 200_000, np.uint32)
    ties = (np.arange(2**16, dtype=np.uint32) << 16) + 0x8000  # halfway between two of bfloat16
    values = np.concatenate([bits, ties]).view(np.float32)
    values = values[~np.isnan(values)]
    found = narrowed(values, name).view(np.uint32 if name == "F32" else np.uint16)
    np.testing.assert_array_equal(found, _torch_bits(torch.from_numpy(values), name))
