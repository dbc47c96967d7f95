"""Export a policy as an ONNX model: observation in, averaged probabilities (or numbers) out.

    numbers (batch, features) float32, pictureN (batch, height, width, channels) uint8
        -> scores (batch, outputs)
The model contains the normaliser and all networks. It needs `pip install 'teleop-studio[onnx]'`.
"""

import logging
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from teleop.errors import LearningError, StorageError, sentence
from teleop.learning.data.normaliser import CLIP
from teleop.learning.networks.heads import Head, Levels
from teleop.learning.networks.policy_models import Ensemble, Module
from teleop.learning.networks.torch_network import PolicyNetwork, load_from
from teleop.learning.policy import LearnedPolicy

_OPSET = 18
_CLOSE = 1e-4


class _Whole(nn.Module):
    """Normaliser, networks and head in one module."""

    def __init__(self, policy: LearnedPolicy, networks: list[nn.Module]) -> None:
        super().__init__()
        self._mean = torch.from_numpy(policy.normaliser.mean)
        self._sd = torch.from_numpy(policy.normaliser.sd)
        self.networks = nn.ModuleList(networks)
        self._head = policy.head

    def forward(self, numbers: Tensor, *pictures: Tensor) -> Tensor:
        """Compute the outputs: (B, features), images -> (B, outputs)."""
        normal = ((numbers - self._mean) / self._sd).clamp(-CLIP, CLIP)
        found = [_probabilities(net(normal, *pictures), self._head) for net in self.networks]
        return torch.stack(found).mean(dim=0)


def export_onnx(policy: LearnedPolicy, path: Path) -> dict[str, Any]:
    """Export a policy, and compare the model in onnxruntime with it on random observations.

    Returns:
        Names and shapes of inputs and outputs, and the largest difference.

    Raises:
        LearningError: a package is not installed, or the policy cannot be exported.
        StorageError: the file cannot be written.
    """
    _check_installed()
    if not policy.is_stateless:
        raise LearningError(
            f"The policy {policy.name} uses earlier steps or random noise. ONNX export supports "
            "only policies that use the current observation."
        )
    whole = _Whole(policy, _networks(policy)).eval()
    rng = np.random.default_rng(0)
    encoding = policy.encoding
    numbers = rng.normal(size=(2, encoding.features)).astype(np.float32) * policy.normaliser.sd
    numbers = (numbers + policy.normaliser.mean).astype(np.float32)
    looks = [rng.integers(0, 256, (2, *s)).astype(np.uint8) for s in encoding.pictures]
    arrays = [numbers, *looks]
    names = ["numbers", *(f"picture{index}" for index in range(len(looks)))]
    _write(whole, arrays, names, path)
    error = _difference(policy, path, names, arrays)
    if not error <= _CLOSE:  # written this way to reject NaN
        raise LearningError(f"The output of the ONNX model differs from the policy by {error:.1e}.")
    return {
        "inputs": {name: ["batch", *a.shape[1:]] for name, a in zip(names, arrays, strict=True)},
        "outputs": {"scores": ["batch", policy.head.size]},
        "error": error,
    }


def _networks(policy: LearnedPolicy) -> list[nn.Module]:
    model, encoding = policy.model, policy.encoding
    if isinstance(model, Module):
        return [model.module]
    if not isinstance(model, Ensemble):
        raise LearningError(
            f"A policy of the kind {model.kind!r} has no networks to write as ONNX."
        )
    networks: list[nn.Module] = []
    for trained in model.networks:
        network = PolicyNetwork(
            encoding.features, encoding.pictures, policy.head.size, policy.shape, torch.Generator()
        )
        load_from(network, trained)
        networks.append(network)
    return networks


def _probabilities(outputs: Tensor, head: Head) -> Tensor:
    parts = []
    for branch, span in zip(head.branches, head.spans, strict=True):
        part = outputs[:, span]
        if isinstance(branch, Levels):
            part = part.softmax(dim=1)
        elif branch.squashed:
            part = part.tanh()
        parts.append(part)
    return torch.cat(parts, dim=1)


def _write(whole: nn.Module, arrays: list[Any], names: list[str], path: Path) -> None:
    batch = torch.export.Dim("batch")
    shapes = [{0: batch} for _ in names]
    inputs = tuple(torch.from_numpy(array) for array in arrays)
    partial = path.with_name(path.name + ".partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        logging.getLogger("torch.onnx").setLevel(logging.ERROR)  # hide the exporter's messages
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            torch.onnx.export(
                whole,
                inputs,
                partial,
                input_names=names,
                output_names=["scores"],
                dynamic_shapes=(shapes[0], tuple(shapes[1:]))[: len(shapes)],
                opset_version=_OPSET,
                dynamo=True,
                external_data=False,
                verbose=False,
            )
        partial.replace(path)
    except OSError as problem:
        partial.unlink(missing_ok=True)
        raise StorageError(f"{path} could not be written ({problem.strerror}).") from problem
    except torch.onnx.errors.OnnxExporterError as problem:  # the user's own module
        raise LearningError(
            f"The network cannot be written as ONNX: {sentence(problem)[:300]}"
        ) from problem


def _difference(policy: LearnedPolicy, path: Path, names: list[str], arrays: list[Any]) -> float:
    import onnxruntime

    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    (scores,) = session.run(None, dict(zip(names, arrays, strict=True)))
    own = policy.model.think(policy.normaliser(arrays[0]), tuple(arrays[1:]))
    return float(np.abs(np.asarray(scores) - own).max())


def _check_installed() -> None:
    try:
        import onnx  # noqa: F401
        import onnxruntime  # noqa: F401
        import onnxscript  # noqa: F401
    except ImportError as problem:
        raise LearningError(
            f"ONNX export needs {problem.name}: pip install 'teleop-studio[onnx]'"
        ) from problem
