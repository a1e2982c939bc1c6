"""The houses of the chaos tests. One stands for all tests on Postgres: building it takes as long as most."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from chaos_fleet import Fleet, fleet_of
from chaos_house import LONG, PLACES, House, Services
from chaos_records import Records

from batuta.testing.postgres import PostgresServer

USUAL = {
    "RATE_LIMIT_PER_MINUTE": "0",
    "RATE_LIMIT_SUBMITS_PER_MINUTE": "0",
    "POLL_INTERVAL": "0.5",
    "RETRY_BACKOFF_BASE_SECONDS": "0.2",
    "VIDEO_DOWNLOADER_TIMEOUT": "3",
    "AUDIO_NORMALIZATION_TIMEOUT": "3",
    "AUDIO_TRANSCRIBER_TIMEOUT": "3",
    "JOBS_AT_ONCE": "16",
}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Every one is slow; in the long form, slower than the usual limit."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.slow)
            if LONG:
                item.add_marker(pytest.mark.timeout(900))


def house_on_postgres(fleet: Fleet, folder: Path, url: str, **environment: str) -> House:
    """Three workers and a server that carries one job at a time."""
    services = Services(fleet, folder)
    told = {
        **USUAL,
        **services.environment,
        "BATUTA_DATA": str(folder / "data"),
        "DATABASE_URL": url,
        "AUDIO_TRANSCRIBER_CONCURRENCY": str(PLACES),
        **environment,
    }
    fleet.tell(told)
    return House(folder, fleet, services, Records.at(url), {"JOBS_AT_ONCE": "1"})


@pytest.fixture(scope="session")
def house_for_all(postgres: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """On Postgres, with the settings everybody has."""
    folder = tmp_path_factory.mktemp("chaos")
    with fleet_of(folder) as fleet:
        yield house_on_postgres(fleet, folder, postgres.new_database("chaos"))


@pytest.fixture
def house(house_for_all: House) -> House:
    """At full strength, its services well, nothing left to do."""
    house_for_all.services.turn()
    house_for_all.make_ready()
    left = house_for_all.records.unfinished()
    house_for_all.wait_for(left, 60)
    return house_for_all
