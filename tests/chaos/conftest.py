"""The houses of the chaos tests. One stands for all tests on Postgres: building it takes as long as most."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from chaos_fleet import fleet_of
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
LEASE_SECONDS = 4


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Every one is slow; in the long form, slower than the usual limit."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.slow)
            if LONG:
                item.add_marker(pytest.mark.timeout(900))


@pytest.fixture(scope="session")
def house_for_all(postgres: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """On Postgres: three workers, and a server that carries one job at a time."""
    folder = tmp_path_factory.mktemp("chaos")
    url = postgres.new_database("chaos")
    with fleet_of(folder) as fleet:
        services = Services(fleet, folder)
        fleet.tell(
            {**USUAL, **services.environment, "DATABASE_URL": url, "BATUTA_DATA": str(folder / "data")}
        )
        fleet.tell({"AUDIO_TRANSCRIBER_CONCURRENCY": str(PLACES)})
        yield House(folder, fleet, services, Records.at(url), {"JOBS_AT_ONCE": "1"})


@pytest.fixture
def house(house_for_all: House) -> House:
    """At full strength, its services well, nothing left to do."""
    house_for_all.services.turn()
    house_for_all.make_ready()
    house_for_all.wait_for(house_for_all.records.unfinished(), 60)
    return house_for_all


@pytest.fixture
def house_of_many_machines(postgres_url: str, tmp_path: Path) -> Iterator[House]:
    """As above, but with artefacts in a bucket, a data folder for each process, and short leases."""
    with fleet_of(tmp_path) as fleet:
        services = Services(fleet, tmp_path)
        fleet.tell({**USUAL, **services.environment, **fleet.bucket(), "DATABASE_URL": postgres_url})
        fleet.tell({"LEASE_SECONDS": str(LEASE_SECONDS)})
        house = House(tmp_path, fleet, services, Records.at(postgres_url), {"JOBS_AT_ONCE": "1"})
        house.shares_folder = False
        house.make_ready()
        yield house


@pytest.fixture
def house_on_sqlite(tmp_path: Path) -> Iterator[House]:
    """One server and its data folder."""
    with fleet_of(tmp_path) as fleet:
        services = Services(fleet, tmp_path)
        fleet.tell({**USUAL, **services.environment, "BATUTA_DATA": str(tmp_path / "data")})
        house = House(tmp_path, fleet, services, Records.in_folder(tmp_path / "data"), {}, workers=0)
        house.make_ready()
        yield house
