import json
import subprocess
import sys

import numpy as np
import pytest
from safetensors.numpy import save_file

SHARDS, SIDE = 24, 2048  # files of 8.4 MB


def _model(folder, factor):
    folder.mkdir()
    (folder / "config.json").write_text('{"tie_word_embeddings": false}')
    names = {f"model.layers.{number}.self_attn.q_proj.weight": f"{number}.safetensors" for number in range(SHARDS)}
    values = np.random.default_rng(1).standard_normal((SIDE, SIDE), np.float32)
    for name, file in names.items():
        save_file({name: (values * factor).astype(np.float16)}, folder / file)
    (folder / "model.safetensors.index.json").write_text(json.dumps({"weight_map": names}))
    return folder


def _adapter(folder):
    folder.mkdir()
    settings = {"peft_type": "LORA", "r": 4, "lora_alpha": 4, "target_modules": ["q_proj"]}
    (folder / "adapter_config.json").write_text(json.dumps(settings))
    begin = "base_model.model.model.layers.{}.self_attn.q_proj.lora_{}.weight"
    shapes = {"A": (4, SIDE), "B": (SIDE, 4)}
    save_file(
        {begin.format(layer, letter): np.ones(shapes[letter], np.float32) for layer in range(SHARDS) for letter in "AB"},
        folder / "adapter_model.safetensors",
    )
    return folder


SCRIPT = """
import sys
from corpusforge.weights import diff, merge, merged_model, product, recover
import numpy as np
from pathlib import Path
product.add_product(*[np.ones((2, 2), np.float32)] * 3, 1.0)
def peak():
    # of this process alone; what getrusage says begins with the parent's
    return int(Path("/proc/self/status").read_text().partition("VmHWM:")[2].split()[0]) // 1024
before = peak()
root = Path(sys.argv[1])
merged_model.write_merged(merge.plan_merge(root / "base", root / "adapter"), root / "merged")
diff.write_delta(root / "base", root / "new", root / "delta")
recover.recover(root / "base", root / "delta", root / "back")
print(peak() - before)
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="peak memory is read from /proc")
def test_models_pass_through_in_less_memory_than_they_have(tmp_path):
    _model(tmp_path / "base", 1.0)
    _model(tmp_path / "new", 1.01)
    _adapter(tmp_path / "adapter")
    done = subprocess.run([sys.executable, "-c", SCRIPT, str(tmp_path)], check=True, capture_output=True, text=True)
    assert int(done.stdout) < 110  # MB, of 201; a block is 17 MB of float32
