"""Data sets of tests are cached in a folder of their own, not in that of `datasets`."""

from collections.abc import Iterator

import pytest

from llamoco.dataset_builder import instruction_data


@pytest.fixture(scope="session", autouse=True)
def cache_of_tests(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(instruction_data, "HF_DATASETS_CACHE", tmp_path_factory.mktemp("datasets"))
        yield
