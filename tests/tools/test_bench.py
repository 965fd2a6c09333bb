import sys

import pytest
from measure.bench import report
from measure.timing import PeerRun, Speed, child_seconds, speed


def spend(rounds: int) -> int:
    return sum(index * index for index in range(rounds))


def test_speed_is_megabytes_a_second_of_the_best_round_beside_the_peer() -> None:
    peer = PeerRun("another", lambda: (4_000_000, 2.0))
    found = speed("spend", "en", spend, [(200_000, 1_000_000)] * 3, rounds=2, peer=peer)
    assert found.megabytes_per_second > 1
    assert (found.peer, found.peer_megabytes_per_second) == ("another", 2.0)


def test_more_work_on_as_many_bytes_is_slower() -> None:
    little = speed("", "", spend, [(100_000, 1_000_000)], rounds=5).megabytes_per_second
    much = speed("", "", spend, [(800_000, 1_000_000)], rounds=5).megabytes_per_second
    assert little > 2 * much


def test_a_child_is_measured_by_its_own_cpu_time() -> None:
    program = "import time; end = time.process_time() + 0.3\nwhile time.process_time() < end: pass\ntime.sleep(0.3)"
    seconds, wall = child_seconds([sys.executable, "-c", program], {})
    assert 0.3 <= seconds < wall - 0.2


def test_a_child_that_fails_is_named_with_what_it_said() -> None:
    with pytest.raises(RuntimeError, match=r"ended with 3: no such luck"):
        child_seconds([sys.executable, "-c", "import sys; print('no such luck', file=sys.stderr); sys.exit(3)"], {})


def test_the_report_has_a_row_for_each_step_with_the_ratio_to_its_peer() -> None:
    found = [
        Speed("view", "en", 150.0),
        Speed("rules", "en", 50.0, "chain", 0.25),
        Speed("whole", "both", 9.0, "chain", 6.0, "7 kept"),
    ]
    page = report(found, "1 MB of text")
    assert "| view | en | 150.0 | - | - | - |" in page
    assert "| rules | en | 50.0 | chain | 0.25 | 200x |" in page
    assert "| whole | both | 9.0 | chain | 6.00 | 1.5x |" in page
    assert page.endswith("whole: 7 kept.\n")
