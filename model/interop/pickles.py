"""What a file of pickled tensors may say, checked before PyTorch's restricted reader sees it.

That reader runs no foreign code, but it builds what it is told: zeros of any length, tuples nested
so deep that hashing one overflows the stack, or so often that it never ends. Here the operations
are followed with sizes in the values' place, and nothing is built.
"""

from __future__ import annotations

import io
import pickletools
import re
import zipfile
from pathlib import Path
from typing import BinaryIO

from model.untrusted import CheckpointError

ZIP_START = b"PK\x03\x04"  # by which PyTorch tells its two formats apart
LEGACY_PICKLES = 5  # of the older one: two numbers, the machine, the tensors, their storages' names
MAX_PICKLE_BYTES = 2_000_000  # a large model's has 200 kB
MAX_DIRECTORY_BYTES = 2_000_000  # of the archive; two entries a tensor
MAX_VALUE = 100  # parts of a tuple, with those of the tuples in it
GLOBALS = re.compile(
    r"collections OrderedDict|torch \w{2,9}Storage|"
    r"torch\._utils _rebuild_(tensor|tensor_v2|parameter)"
)
ATOMS = {
    "NONE", "NEWTRUE", "NEWFALSE", "BININT", "BININT1", "BININT2", "LONG1", "BINFLOAT",
    "BINUNICODE", "EMPTY_TUPLE", "EMPTY_DICT", "EMPTY_LIST", "GLOBAL",
}  # fmt: skip
CONSUMED = {"REDUCE": 1, "BUILD": 1, "SETITEM": 2, "APPEND": 1}  # values off the stack, one stays
TUPLES = {"TUPLE1": 1, "TUPLE2": 2, "TUPLE3": 3}


def is_archive(path: Path) -> bool:
    """Whether PyTorch would read the file as a zip archive; the older format is none."""
    with path.open("rb") as file:
        return file.read(len(ZIP_START)) == ZIP_START


def check(path: Path) -> None:
    """Refuse a file that holds more than tensors by name. Raises `CheckpointError`."""
    try:
        if is_archive(path):
            _check_archive(path)
        else:
            with path.open("rb") as file:
                head = io.BytesIO(file.read(MAX_PICKLE_BYTES))
            for _ in range(LEGACY_PICKLES):
                check_pickle(head)
    except (zipfile.BadZipFile, OSError, ValueError, LookupError, NotImplementedError) as error:
        raise CheckpointError(
            f"{path} is damaged or holds more than tensors, and is not opened: {error!s:.200}"
        ) from error


def check_pickle(stream: BinaryIO) -> None:
    """Follow one pickle to its end; ValueError or LookupError for what no table of tensors says."""
    stacks: list[list[int]] = [[]]  # sizes; one more stack behind every mark
    memo: dict[int, int] = {}
    for operation, argument, _ in pickletools.genops(stream):
        name, stack = operation.name, stacks[-1]
        if name == "GLOBAL" and not GLOBALS.fullmatch(str(argument)):
            raise ValueError(f"it asks for {argument!r:.80}")
        if name in ATOMS:
            stack.append(1)
        elif name in ("BINPUT", "LONG_BINPUT"):
            memo[int(str(argument))] = stack[-1]
        elif name in ("BINGET", "LONG_BINGET"):
            stack.append(memo[int(str(argument))])
        elif name == "MARK":
            stacks.append([])
        elif name in ("TUPLE", "SETITEMS", "APPENDS"):
            parts = stacks.pop()
            if name == "TUPLE":
                _push_tuple(stacks[-1], parts)
        elif name in TUPLES:
            parts = [stack.pop() for _ in range(TUPLES[name])]
            _push_tuple(stack, parts)
        elif name in CONSUMED:
            del stack[len(stack) - CONSUMED[name] :]
            stack[-1] = 1
        elif name == "BINPERSID":
            stack[-1] = 1
        elif name not in ("PROTO", "STOP"):
            raise ValueError(f"it has the operation {name}")


def _push_tuple(stack: list[int], parts: list[int]) -> None:
    size = 1 + sum(parts)
    if size > MAX_VALUE:
        raise ValueError(f"it has a tuple of {size} parts, the limit is {MAX_VALUE}")
    stack.append(size)


def _check_archive(path: Path) -> None:
    """Directory, then entries, then the pickles among them.

    PyTorch never compresses; a compressed entry is a bomb or another program's archive. Its reader
    looks names up without case, and where the directory says; nothing may be there twice.
    """
    _check_directory(path)
    with zipfile.ZipFile(path) as archive:
        entries = archive.infolist()
        squeezed = [e.filename for e in entries if e.compress_type != zipfile.ZIP_STORED]
        if squeezed:
            raise CheckpointError(f"{path} has a compressed entry: {squeezed[0]!r:.80}")
        if len({entry.filename.lower() for entry in entries}) < len(entries):
            raise ValueError("it has two entries of one name")
        pickles = [entry for entry in entries if entry.filename.lower().endswith(".pkl")]
        for entry in pickles:
            if entry.file_size > MAX_PICKLE_BYTES:
                raise ValueError(f"{entry.filename!r:.80} has {entry.file_size} bytes")
            check_pickle(io.BytesIO(archive.read(entry)))


def _check_directory(path: Path) -> None:
    """Where the archive's directory is, and how large: read before it is read as a whole."""
    size = path.stat().st_size
    with path.open("rb") as file:
        file.seek(max(0, size - 98))
        tail = file.read(98)
    if tail[:4] == b"PK\x06\x06" and tail[56:60] == b"PK\x06\x07":  # of more than 32 bits
        end = size - 98
        length, start = (int.from_bytes(tail[at : at + 8], "little") for at in (40, 48))
    elif tail[-22:-18] == b"PK\x05\x06":
        end = size - 22
        length, start = (int.from_bytes(tail[at : at + 4], "little") for at in (-10, -6))
    else:
        raise ValueError("its directory is not at its end")
    if start + length != end or length > MAX_DIRECTORY_BYTES:
        raise ValueError(f"its directory of {length} bytes at {start} should end at {end}")
