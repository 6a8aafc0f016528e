"""A model of shapes only: a file's tensors are compared with it before anything is allocated."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

SomeModule = TypeVar("SomeModule", bound=nn.Module)


class _NoInitialisation(TorchFunctionMode):
    """Tensors stay as they are allocated: weights that are read next need no random values."""

    FILLS = (
        Tensor.normal_, Tensor.uniform_, Tensor.fill_, Tensor.zero_,
        # These hand themselves over before they reach a tensor's method.
        nn.init.normal_, nn.init.uniform_, nn.init.constant_, nn.init.kaiming_uniform_,
    )  # fmt: skip

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Iterable[type],
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        kwargs = kwargs or {}
        if func in self.FILLS:
            return args[0] if args else kwargs["tensor"]
        return func(*args, **kwargs)


def skeleton(build: Callable[[], SomeModule]) -> SomeModule:
    """What `build` builds, without values: a config can claim any size.

    Without initialisation, which on the meta device means that PyTorch loads its decompositions:
    eight hundred modules and more than a second.
    """
    with torch.device("meta"), _NoInitialisation():
        return build()
