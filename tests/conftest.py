"""What all tests share: no network, one BLAS thread, no telemetry, no garbage collection among what never goes."""

import gc
import os
import signal

for name in ("HF_HUB_OFFLINE", "HF_DATASETS_OFFLINE", "HF_HUB_DISABLE_TELEMETRY"):
    os.environ[name] = "1"
for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(name, "1")
os.environ.setdefault("OMP_WAIT_POLICY", "passive")
os.environ.setdefault("MPLBACKEND", "Agg")
os.environ.pop("COLUMNS", None)  # pytest-xdist sets 80: tables would wrap, as they do not in a pipe
# A shell that starts the suite in the background has it ignore Ctrl-C; processes that tests interrupt would inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_finish() -> None:
    """All modules are imported now: to look for garbage among their objects takes a third of a second, each training does."""
    gc.collect()
    gc.freeze()
