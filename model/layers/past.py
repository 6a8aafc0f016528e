"""What a Transformer's decoder has said so far: keys and values that grow by one place a step.

Growing must not copy the whole of it every step, and yet a decoder's state is a value. So a `Past`
is a view of the first places of a buffer with room to spare, and continuations share the buffer:
the first one to go on from a `Past` takes the next place in it, a second one finds the place taken
and gets a copy. What a `Past` shows never changes once it is filled.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from torch import Tensor

FIRST_ROOM = 32  # places of a fresh buffer; a full one is doubled
SPARE = 8  # free places that a selection takes along: beams are selected again at almost every step


@dataclass
class _Taken:
    """How many places of a buffer are spoken for: the one thing that its readers share."""

    places: int = 0


@dataclass(frozen=True)
class Past:
    """Keys and values of `length` tokens for every decoder layer."""

    buffer: Tensor  # [B, L, 2, H, room, D / H], filled up to `length`
    length: int = 0
    taken: _Taken = field(default_factory=_Taken)

    @staticmethod
    def empty(rows: int, layers: int, heads: int, head_size: int, like: Tensor) -> Past:
        """Nothing said yet, on the device and in the type of `like`."""
        return Past(like.new_empty(rows, layers, 2, heads, FIRST_ROOM, head_size))

    def grown(self) -> Past:
        """The past with one place more, `newest`, which must be filled for every layer."""
        buffer, taken = self.buffer, self.taken
        if taken.places != self.length or self.length == buffer.shape[4]:
            room = max(buffer.shape[4], 2 * self.length)
            buffer = buffer.new_empty(*buffer.shape[:4], room, buffer.shape[5])
            buffer[:, :, :, :, : self.length] = self.buffer[:, :, :, :, : self.length]
            taken = _Taken(self.length)
        taken.places = self.length + 1
        return Past(buffer, self.length + 1, taken)

    @property
    def newest(self) -> Tensor:
        """The newest place [B, L, 2, H, D / H] of all layers, to be filled."""
        return self.buffer[:, :, :, :, self.length - 1]

    @property
    def shown(self) -> Tensor:
        """All places [B, L, 2, H, t, D / H], the newest included."""
        return self.buffer[:, :, :, :, : self.length]

    def select(self, rows: Tensor) -> Past:
        """Rows [R] of the past, in a buffer of their own."""
        places = self.buffer[:, :, :, :, : self.length + SPARE]
        return Past(places.index_select(0, rows), self.length, _Taken(self.length))
