import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from model import checkpoint
from model.training import loop
from model.training.settings import configuration_from
from model.training.state import latest_state

SCRIPT = """
import json, sys
from pathlib import Path
from model.training.loop import train
from model.training.settings import configuration_from
values, data, output = sys.argv[1:]
train(configuration_from(json.loads(values), "test"), Path(data), Path(output), progress=False)
"""


def torchrun(script: Path, arguments: list[str], count: int) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [
        sys.executable, "-m", "torch.distributed.run", f"--nproc-per-node={count}",
        "--master-addr=127.0.0.1", f"--master-port={port}", str(script), *arguments,
    ]  # fmt: skip
    path = {"PYTHONPATH": str(Path(__file__).parents[2]), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, env=os.environ | path, capture_output=True, timeout=300)
    assert done.returncode == 0, done.stderr.decode()[-3000:]


SETTINGS = {
    "precision": "fp32", "max_steps": 6, "batch_tokens": 256, "warmup_steps": 0, "log_every": 1,
    "validate_every": 3, "learning_rate": 1e-3, "schedule": "constant", "threads": 1,
}  # fmt: skip


@pytest.mark.slow
def test_two_processes_train_like_one_with_the_double_batch(tmp_path, digits, family, models):
    together = {"model": models[family] | {"dropout": 0.0}, "training": SETTINGS}
    alone = {**together, "training": SETTINGS | {"accumulation": 2}}
    (tmp_path / "run.py").write_text(SCRIPT)
    arguments = [json.dumps(together), str(digits), str(tmp_path / "two")]
    torchrun(tmp_path / "run.py", arguments, count=2)
    loop.train(configuration_from(alone, "test"), digits, tmp_path / "one", progress=False)
    one, two = (
        load_file(latest_state(tmp_path / name) / "tensors.safetensors") for name in ("one", "two")
    )
    start = checkpoint.build(configuration_from(alone, "test").model_config(280))
    assert not torch.equal(one["model.embedding.weight"], start.embedding.weight)
    for name, tensor in one.items():
        if name.startswith(("model.", "average.")):
            torch.testing.assert_close(tensor, two[name], rtol=1e-3, atol=2e-4, msg=name)
    logs = [read_log(tmp_path / name) for name in ("one", "two")]
    assert [line["kind"] for line in logs[0]] == [line["kind"] for line in logs[1]]
    losses = [[line["loss"] for line in log if "loss" in line] for log in logs]
    assert losses[0] == pytest.approx(losses[1], rel=1e-4)


def read_log(run: Path) -> list[dict]:
    return [json.loads(line) for line in (run / "log.jsonl").read_text().splitlines()]
