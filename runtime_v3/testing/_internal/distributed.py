"""A test case whose tests run in several processes at once."""

from __future__ import annotations

import os
import sys
import tempfile
import traceback
import unittest
from collections.abc import Callable
from typing import Any, NamedTuple

import torch.multiprocessing as mp


class TestSkip(NamedTuple):
    exit_code: int
    message: str


# What a process of a test exits with to say that the test cannot run here.
TEST_SKIPS = {
    "backend_unavailable": TestSkip(10, "Skipped because distributed backend is not available."),
    "no_cuda": TestSkip(11, "CUDA is not available."),
    "multi-gpu-2": TestSkip(12, "Need at least 2 CUDA device"),
    "generic": TestSkip(13, "Test skipped at subprocess level, look at subprocess log for skip reason"),
}


class MultiProcessTestCase(unittest.TestCase):
    """Each test runs in `world_size` processes, started by `_spawn_processes` in `setUp`.

    In them `self.rank` counts from 0; in the process of the test runner, which waits for them, it is
    `MAIN_PROCESS_RANK`. A failure of any process is the failure of the test.
    """

    MAIN_PROCESS_RANK = -1
    TEST_ERROR_EXIT_CODE = 10

    @property
    def world_size(self) -> int:
        return 2

    @property
    def timeout(self) -> int:
        """Seconds after which the processes are ended and the test fails."""
        return 1000

    @property
    def is_master(self) -> bool:
        return self.rank == 0

    def prepare_subprocess(self) -> None:
        """Called in every process before its test."""

    def __init__(self, method_name: str = "runTest", methodName: str = "runTest") -> None:
        name = methodName if methodName != "runTest" else method_name
        super().__init__(name)
        test: Any = getattr(self, name, None)
        if test is not None:
            setattr(self, name, self._joining(test))

    def setUp(self) -> None:
        super().setUp()
        self.rank = self.MAIN_PROCESS_RANK
        self.processes: list[Any] = []
        self.pipes: list[Any] = []
        handle, self.file_name = tempfile.mkstemp()
        os.close(handle)

    def tearDown(self) -> None:
        super().tearDown()
        for process in self.processes:
            process.terminate()
        self.processes = []

    def _joining(self, test: Callable[[], Any]) -> Callable[[], Any]:
        def run() -> None:
            if self.rank == self.MAIN_PROCESS_RANK:
                self._join_processes()
            else:
                test()

        run.__name__ = getattr(test, "__name__", "run")
        run.__dict__.update(getattr(test, "__dict__", {}))
        return run

    def _spawn_processes(self) -> None:
        context = mp.get_context("spawn")
        for rank in range(int(self.world_size)):
            receiver, sender = context.Pipe(duplex=False)
            arguments = (rank, self.id().rpartition(".")[2], self.file_name, sender)
            process = context.Process(target=type(self)._run, name=f"process {rank}", args=arguments)
            process.start()
            self.processes.append(process)
            self.pipes.append(receiver)

    @classmethod
    def _run(cls, rank: int, test_name: str, file_name: str, pipe: Any) -> None:
        case = cls(test_name)
        case.rank = rank
        case.file_name = file_name
        try:
            case.prepare_subprocess()
            getattr(case, test_name)()
        except unittest.SkipTest:
            sys.exit(TEST_SKIPS["generic"].exit_code)
        except Exception:
            pipe.send(traceback.format_exc())
            sys.exit(MultiProcessTestCase.TEST_ERROR_EXIT_CODE)
        finally:
            pipe.close()

    def _join_processes(self) -> None:
        for process in self.processes:
            process.join(self.timeout)
        problems = [problem for rank in range(len(self.processes)) if (problem := self._problem_of(rank))]
        if problems:
            raise RuntimeError("\n".join(problems))
        codes = {process.exitcode for process in self.processes}
        for skip in TEST_SKIPS.values():
            if skip.exit_code in codes:
                raise unittest.SkipTest(skip.message)

    def _problem_of(self, rank: int) -> str | None:
        code = self.processes[rank].exitcode
        if code is None:
            return f"process {rank} still runs after {self.timeout} s"
        if code == self.TEST_ERROR_EXIT_CODE and self.pipes[rank].poll():
            try:
                return f"process {rank} failed:\n{self.pipes[rank].recv()}"
            except EOFError:  # it ended so by itself, to skip the test
                return None
        return None if code == 0 or code in {s.exit_code for s in TEST_SKIPS.values()} else f"process {rank}: {code}"
