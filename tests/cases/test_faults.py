"""Azure failing under way: every case is right or named, and none is wrong."""

import itertools
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from orchestration.cases.case import ClinicalCase, IncompleteCaseError
from orchestration.cases.get import CaseSource, get_case, open_case_source
from orchestration.settings import load_settings
from tests.cases.cases import upload_case
from tests.cases.clinic import Clinic
from tests.services.azurite import Azurite
from tests.services.faults import Fault, FaultyProxy, Flip, Odds, Reset, Script, Short, Stall, Status, faulty_proxy

RETRIEVALS = 500
CASES = [f"S{number}" for number in range(5)]


@pytest.fixture(autouse=True)
def _short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("orchestration.stores.retries.FIRST_BACKOFF_SECONDS", 0.01)


@pytest.fixture
def proxy(azure: Azurite, clinic: Clinic, source: CaseSource, monkeypatch: pytest.MonkeyPatch) -> Iterator[FaultyProxy]:
    """A proxy before the clinic, to which the settings lead from now on; five cases are there."""
    for case_id in CASES:
        upload_case(clinic, source, case_id)
    with faulty_proxy(azure.blob_endpoint) as proxy:
        for name, value in clinic.settings(azure.behind(blob_proxy=proxy.endpoint)).items():
            monkeypatch.setenv(name, value)
        yield proxy


@pytest.fixture
def behind(proxy: FaultyProxy) -> CaseSource:
    """The source as it is reached through the proxy."""
    opened = open_case_source(load_settings())
    proxy.forget()
    return opened


def test_a_case_costs_one_request_an_image_and_no_listing(proxy: FaultyProxy, behind: CaseSource) -> None:
    get_case("S0", 2014, source=behind)
    assert [request.method for request in proxy.requests] == ["GET"] * 4
    assert not any(request.query for request in proxy.requests)


@pytest.mark.parametrize(
    "fault", [Status(503), Status(429, retry_after=1), Reset(), Reset(0.0), Short(), Flip(), Stall(0.2)], ids=str
)
def test_a_fault_that_passes_is_mended(
    source: CaseSource, proxy: FaultyProxy, behind: CaseSource, fault: Fault
) -> None:
    right = get_case("S0", 2014, source=source)
    proxy.plan = Script([fault, fault], path="S0/")
    assert get_case("S0", 2014, source=behind) == right


@pytest.mark.parametrize("fault", [Status(503), Flip(), Status(403)], ids=str)
def test_a_fault_that_stays_is_named_even_where_parts_may_be_missing(
    proxy: FaultyProxy, behind: CaseSource, fault: Fault
) -> None:
    proxy.plan = Script(itertools.repeat(fault), path="L__MLO")
    with pytest.raises(IncompleteCaseError, match="L__MLO") as error:
        get_case("S0", 2014, source=behind, allow_partial=True)
    assert error.value.parts.keys() == {"l_mlo"}


def test_with_one_request_in_five_failing_every_case_is_right_or_named(
    source: CaseSource, proxy: FaultyProxy, behind: CaseSource
) -> None:
    right = {case_id: get_case(case_id, 2014, source=source) for case_id in CASES}
    odds = {Status(503): 0.05, Status(429): 0.05, Reset(): 0.04, Short(): 0.03, Flip(): 0.03}
    proxy.plan = Odds(seed=1, odds=odds)

    def retrieve(number: int) -> tuple[str, ClinicalCase | IncompleteCaseError]:
        case_id = CASES[number % len(CASES)]
        try:
            return case_id, get_case(case_id, 2014, source=behind)
        except IncompleteCaseError as error:
            return case_id, error

    with ThreadPoolExecutor(4) as threads:
        outcomes = list(threads.map(retrieve, range(RETRIEVALS)))
    named = [outcome for _, outcome in outcomes if isinstance(outcome, IncompleteCaseError)]
    assert all(error.parts.keys() <= right["S0"].images.keys() and error.parts for error in named)
    assert all(outcome == right[case_id] for case_id, outcome in outcomes if outcome not in named)
    assert len(named) < RETRIEVALS / 10
    assert len(proxy.given) > RETRIEVALS * 4 / 10, "faults there were"
