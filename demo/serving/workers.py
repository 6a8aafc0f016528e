"""Runs in processes of their own, so that several visitors' summaries are written at once.

Python's lock lets the threads of one process take turns only. A worker that dies takes one run with
it and is replaced.
"""

from __future__ import annotations

import dataclasses
import multiprocessing
import signal
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing, suppress
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import torch

from demo.library import Library
from demo.serving.away import Asked, Failed, portable, received, tried
from demo.serving.calls import Call
from demo.serving.logs import configure
from model.weights.allocator import keep_few_arenas

TICK = 0.1  # seconds between two looks at whether the server stops
HALT, END = "halt", None  # to a worker: end the run; from one: it has ended
SPAWN = multiprocessing.get_context("spawn")  # a fork would copy locks that other threads hold


class Workers:
    """A fixed number of processes, each with all models; called as an `Elsewhere`."""

    def __init__(self, places: Sequence[Path | str], count: int) -> None:
        """Starts the processes; they open the first model while the server starts."""
        self._places = tuple(places)
        self._threads = max(1, torch.get_num_threads() // count)
        self._idle = SimpleQueue[Worker]()
        self._workers = [self._begun() for _ in range(count)]
        for worker in self._workers:
            self._idle.put(worker)

    def __call__(self, call: Call, *asked: Any) -> Iterator[Any]:
        """The values of one run, made by the next worker that is idle."""
        worker = self._idle.get()
        try:
            # Closed here, not when somebody lets go of an error: what is left of a run in the pipe
            # would be taken for the next one's.
            with closing(worker.run(Asked(*asked), call)) as values:
                yield from received(values, call)
        finally:
            self._idle.put(worker if worker.lives else self._replaced(worker))

    @property
    def processes(self) -> tuple[BaseProcess, ...]:
        """The workers' processes."""
        return tuple(worker.process for worker in self._workers)

    def close(self) -> None:
        """End the processes, whatever they do."""
        for process in self.processes:
            process.kill()
            process.join()

    def _replaced(self, dead: Worker) -> Worker:
        worker = self._begun()
        self._workers[self._workers.index(dead)] = worker
        return worker

    def _begun(self) -> Worker:
        return Worker(self._places, self._threads)


class Worker:
    """One process and the pipe to it; makes one run at a time."""

    def __init__(self, places: tuple[Path | str, ...], threads: int) -> None:
        self._pipe, theirs = SPAWN.Pipe()
        self.process = SPAWN.Process(target=work, args=(theirs, places, threads), daemon=True)
        self.process.start()
        theirs.close()  # so that the pipe ends with the process
        self.lives = True

    def run(self, asked: Asked, call: Call) -> Generator[tuple[Any, bool], None, None]:
        """The values of a run; leaving them early ends it at its next step."""
        answer: tuple[Any, bool] | None = (None, False)
        halting = False
        try:
            self._pipe.send((asked, portable(call)))
            while answer is not END:
                while not self._pipe.poll(TICK) and not halting:
                    halting = self._halted(call)
                answer = self._pipe.recv()
                if answer is not END:
                    halting = halting or self._halted(call)
                    yield answer
        except (EOFError, OSError):
            self.lives, answer = False, END
            self.process.kill()
            yield Failed(), False
        finally:
            if answer is not END:
                self._leave()

    def _halted(self, call: Call) -> bool:
        if call.halted:
            self._pipe.send(HALT)
        return bool(call.halted)

    def _leave(self) -> None:
        try:
            self._pipe.send(HALT)
            while self._pipe.recv() is not END:
                pass
        except (EOFError, OSError):
            self.lives = False
            self.process.kill()


class Halt:
    """Not empty once the server asked, through the pipe, to end the run under way."""

    def __init__(self, pipe: Connection) -> None:
        self._pipe = pipe
        self._asked = False

    def __len__(self) -> int:
        if not self._asked and self._pipe.poll():
            self._asked = self._pipe.recv() == HALT
        return int(self._asked)


def work(pipe: Connection, places: tuple[Path | str, ...], threads: int) -> None:
    """What a worker does until the server is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the server's to handle; its end is ours
    keep_few_arenas()
    configure()
    torch.set_num_threads(threads)
    library = Library(places)
    with suppress(ValueError):  # who asks for that model is told
        library.get()
    with suppress(EOFError, OSError):
        while True:
            message = pipe.recv()
            if message == HALT:  # of a run that had ended by itself
                continue
            asked, call = message
            for value in tried(library, asked, dataclasses.replace(call, halted=Halt(pipe))):
                pipe.send(value)
            pipe.send(END)
