"""Children of the test's process, which need not import torch again."""

from __future__ import annotations

import gc
import os
import socket
import traceback
from collections.abc import Callable


def fork(work: Callable[[], object]) -> int:
    """Do work in a child with one thread; it exits with 0 after it, with 7 after an error."""
    child = os.fork()
    if child:
        return child
    code = 7
    try:
        # What other tests left behind is not this child's to collect: a finalizer may wait for a thread that only the parent has.
        gc.freeze()
        import torch

        torch.set_num_threads(1)
        work()
        code = 0
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(code)


def fork_ranks(count: int, work: Callable[[int], object]) -> list[int]:
    """Do work in children that are the processes of one distributed run; returns their exit codes."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]

    def as_rank(rank: int) -> None:
        from accelerate.state import AcceleratorState

        AcceleratorState._reset_state(reset_partial_state=True)
        os.environ |= {
            "RANK": str(rank),
            "LOCAL_RANK": str(rank),
            "WORLD_SIZE": str(count),
            "LOCAL_WORLD_SIZE": str(count),
            "MASTER_ADDR": "127.0.0.1",
            "MASTER_PORT": str(port),
            "OMP_NUM_THREADS": "1",
        }
        work(rank)

    children = [fork(lambda rank=rank: as_rank(rank)) for rank in range(count)]
    return [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
