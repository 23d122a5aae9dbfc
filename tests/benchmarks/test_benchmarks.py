"""The tables of benchmarks/README.md say what was recorded, the package carries the same recordings, and the benchmark of
the graders runs and is fair."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import asdict
from types import ModuleType

import pytest

import course_utils as cu
from autograder.course.config import find_root
from autograder.course.units import load_unit
from autograder.publish.sample_class import misconception_source, reference_sources
from benchmarks import grading, references
from benchmarks.graders import classes, ours, peers
from benchmarks.graders import report as grading_report
from benchmarks.learning import report


def test_tables_are_what_was_recorded() -> None:
    text = report.README.read_text(encoding="utf-8")
    assert report.put_in(text, report.report(), report.MARKS) == text, (
        "run `python -m benchmarks.learning.report`"
    )


@pytest.mark.parametrize("script", [references, report])
def test_help_measures_and_writes_nothing(
    script: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["script", "--help"])
    # Should it go on all the same, it fails here and leaves the README alone.
    monkeypatch.setattr(script, "put_in", None)
    monkeypatch.setattr(references, "ROUNDS", 1)
    with pytest.raises(SystemExit) as ended:
        script.main()
    assert ended.value.code == 0
    assert script.__doc__.splitlines()[0][:30] in capsys.readouterr().out


def test_a_changed_figure_is_seen(tmp_path) -> None:
    for unit in report.UNITS:
        record = asdict(report.recorded(unit))
        metric = next(iter(record["results"]["trained"]))
        record["results"]["trained"][metric] = [
            value + 0.01 for value in record["results"]["trained"][metric]
        ]
        (tmp_path / f"{unit}.json").write_text(json.dumps(record))
    assert report.report(tmp_path) != report.report()


@pytest.mark.parametrize("unit", report.UNITS)
def test_the_notebooks_band_is_the_recorded_one(unit: str) -> None:
    assert cu.training_runs.load(unit) == report.recorded(unit)


def test_missing_markers_are_named() -> None:
    with pytest.raises(ValueError, match="needs the lines"):
        report.put_in("no markers here", "", report.MARKS)


def mean(unit: str, who: str, metric: str) -> float:
    values = report.recorded(unit).results[who][metric]
    return sum(values) / len(values)


IMAGE_METRICS = ("linear probe", "kNN-20", "instance retrieval")


def test_three_seeds_each_and_every_run_beats_random_initialisation() -> None:
    for unit in report.UNITS:
        record = report.recorded(unit)
        assert record.seeds == [0, 1, 2]
        for metric, values in record.results["trained"].items():
            untrained = record.results["random initialisation"][metric]
            assert all(after > before for after, before in zip(values, untrained, strict=True)), (
                unit,
                metric,
            )


def test_the_gains_that_the_course_promises() -> None:
    gain = {
        unit: mean(unit, "trained", "kNN-20") - mean(unit, "random initialisation", "kNN-20")
        for unit in ("simclr", "moco")
    }
    assert gain["simclr"] >= 0.08
    assert gain["moco"] >= 0.05
    retrieval = [mean("simclr", who, "instance retrieval") for who in ("trained", "random initialisation")]
    assert retrieval[0] >= 4 * retrieval[1]
    assert mean("video", "trained", "J") >= 1.7 * mean("video", "first mask", "J")


def test_what_the_moco_notebook_says_of_the_queue_and_of_simclr() -> None:
    record = report.recorded("moco")
    rows = {json.dumps(row["change"]): row for row in record.extra["sweep"]}
    no_momentum, one_batch = rows['{"momentum": 0.0}'], rows['{"queue": 256}']
    for metric in IMAGE_METRICS:
        untrained, trained = (mean("moco", who, metric) for who in ("random initialisation", "trained"))
        lost = (trained - no_momentum[metric]) / (trained - untrained)
        assert lost > 0.5, metric
        values = record.results["trained"][metric]
        assert abs(one_batch[metric] - trained) <= max(values) - min(values), metric
        assert mean("simclr", "trained", metric) > trained


def test_what_the_moco_notebook_says_of_batch_statistics() -> None:
    rows = report.recorded("moco").part("groups")
    pairs = [
        (rows[f"{count} groups, not shuffled"], rows[f"{count} groups, shuffled"]) for count in (4, 8, 32)
    ]
    same, other = "keys in the same groups", "keys in other groups"
    large, small = pairs[0], pairs[-1]
    assert large[0][other] > 0.9 * large[0][same], "four groups give little away"
    assert small[0][same] > 2 * small[0][other], "32 groups do"
    assert small[0]["pretext accuracy"] > 4 * small[1]["pretext accuracy"]
    seeds = [
        row["linear probe"]
        for name, row in report.recorded("moco").part("baselines").items()
        if "short" in name
    ]
    for open_, shuffled in pairs:
        assert 0 < open_["linear probe"] - shuffled["linear probe"] < max(seeds) - min(seeds)
    accuracy, probe = (
        [row[metric] for row in rows.values()] for metric in ("pretext accuracy", "linear probe")
    )
    assert max(accuracy) > 10 * min(accuracy) and max(probe) < 7 / 6 * min(probe)


def test_what_the_moco_notebook_says_of_its_versions() -> None:
    record = report.recorded("moco")
    probe = {name: row["linear probe"] for name, row in record.over_seeds("ablation").items()}
    untrained = record.over_seeds("baselines", "linear probe")["random initialisation"]["linear probe"]
    with_views = [value for name, values in probe.items() if "aug+" in name for value in values]
    without = [value for name, values in probe.items() if "aug+" not in name for value in values]
    assert min(with_views) > max(without)
    assert sum(without) / len(without) <= sum(untrained) / len(untrained)
    for first, second in (
        ("v1", "MLP"),
        ("v1", "cosine"),
        ("aug+", "MLP, aug+"),
        ("MLP, aug+", "v2: MLP, aug+, cosine"),
    ):
        one, other = probe[first], probe[second]
        spread = max(max(values) - min(values) for values in (one, other, untrained))
        assert abs(sum(one) - sum(other)) / len(one) < spread, (first, second)


def test_what_the_simclr_notebook_says_of_colour() -> None:
    record = report.recorded("simclr")
    last = record.extra["sweep"][-1]
    assert last["change"] == {"views": {"jitter": 0.0, "grey": 0.0}}
    assert last["loss"] < 0.5 * min(losses[-1] for losses in record.losses)
    assert last["instance retrieval"] < 0.6 * mean("simclr", "trained", "instance retrieval")


# --- grading --------------------------------------------------------------------------------------------------


def test_the_grading_table_is_what_was_recorded() -> None:
    text = grading_report.README.read_text(encoding="utf-8")
    made = grading_report.tables(json.loads(grading_report.RESULTS.read_text(encoding="utf-8")))
    assert grading_report.put_in(text, made, grading_report.MARKS) == text, (
        "run `python -m benchmarks.graders.report`"
    )


def test_recorded_graders_agree_on_who_is_right() -> None:
    record = json.loads(grading_report.RESULTS.read_text(encoding="utf-8"))
    assert [row["name"] for row in record["graders"]] == [
        "autograder grade",
        "nbgrader autograde",
        "otter run",
    ]
    ours, *peers = record["graders"]
    assert ours["full_marks"] == ours["right"] > 0
    # Three asserts for each exercise let a wrong idea pass now and then; a right answer they must not fail.
    for row in peers:
        assert row["submissions"] > row["full_marks"] >= row["right"] > 0, row["name"]


def test_grading_markers_are_needed() -> None:
    with pytest.raises(ValueError, match="needs the lines"):
        grading_report.put_in("no markers here", "", grading_report.MARKS)


def test_quick_run_has_every_figure(tmp_path) -> None:
    out = tmp_path / "grading.json"
    command = [sys.executable, "-m", "benchmarks.grading", "--quick", "--jobs", "1", "--out", str(out)]
    done = subprocess.run(command, cwd=find_root(), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    record = json.loads(out.read_text())
    (row,) = record["graders"]
    assert row["name"] == "autograder grade"
    assert row["submissions"] == 4
    assert row["full_marks"] == row["right"] == 2
    assert row["seconds"] > 0
    assert row["steady"] > 0
    assert row["checks"] > record["floor"]["cases"] > record["floor"]["checks"] > 0
    assert record["floor"]["case_ms"] > record["floor"]["call_ms"] > 0
    assert record["floor"]["start_ms"] > record["floor"]["fork_ms"] > 0
    assert record["tier"] in ("none", "restricted", "full")
    assert done.stdout.startswith(grading_report.tables(record))
    grading_report.draw(record, tmp_path / "grading.png")
    assert (tmp_path / "grading.png").stat().st_size > 1000


def test_a_class_is_mixed_and_no_two_answers_are_the_same_text() -> None:
    unit = load_unit(find_root(), "moco")
    made = classes.answers(unit, 30)
    assert made == classes.answers(unit, 30)
    assert {kind for kind, _ in made.values()} == set(classes.MIX)
    sources = [source for _, answers in made.values() for source in answers.values()]
    assert len(set(sources)) == len(sources)
    reference = reference_sources(unit)
    for student, (kind, answers) in made.items():
        plain = {id_: source.removesuffix(f"# {student}\n") for id_, source in answers.items()}
        changed = sum(plain.get(id_) not in (source, None) for id_, source in reference.items())
        assert changed == {"one wrong": 1, "two wrong": 2, "written otherwise": 3}.get(kind, 0), kind
        assert (len(answers) < len(reference)) == (kind == "unfinished")


def test_asserts_of_the_peers_tell_right_from_wrong() -> None:
    unit = load_unit(find_root(), "moco")
    assert peers.ASSERTS.keys() == unit.exercises.keys()

    def passed(id_: str, source: str) -> bool:
        namespace: dict[str, object] = {}
        exec(f"{peers.IMPORTS}\n{source}", namespace)
        try:
            for text in peers.ASSERTS[id_]:
                exec(text, namespace)
        except Exception:
            return False
        return True

    for id_, exercise in unit.exercises.items():
        assert len(peers.ASSERTS[id_]) == 3
        assert passed(id_, reference_sources(unit)[id_])
        assert passed(id_, classes.OTHERWISE[id_])
        wrong = [misconception_source(exercise, item.id) for item in exercise.misconceptions]
        # Many ideas of the bank show in what is left behind, at which three asserts do not look.
        assert sum(passed(id_, source) for source in wrong) < 2 * len(wrong) / 3, id_


def test_without_otter_its_row_is_skipped_with_the_way_out(monkeypatch, capsys, tmp_path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert grading.find_otter(None) is None
    assert "--otter ENV/bin/otter" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        grading.parse(["--otter", str(tmp_path / "missing")])
    assert "there is no such program" in capsys.readouterr().err


def test_a_run_that_graded_nobody_is_no_measurement(tmp_path) -> None:
    (tmp_path / "submitted" / "ada").mkdir(parents=True)
    with pytest.raises(RuntimeError, match="0 of 1 results, exit code 2"):
        ours.grade(tmp_path / "submitted", "no-such-unit", tmp_path / "results", 1)


def test_processes_below_are_found_and_weighed() -> None:
    inner = "print('ready', flush=True); input()"
    outer = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {inner!r}])"
    with subprocess.Popen(
        [sys.executable, "-c", outer], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout
        assert process.stdout.readline() == b"ready\n"
        below, weight = ours._below(os.getpid()), ours._peak_mb(process.pid)
        process.communicate(b"go on\n")
    # A child and its own child.
    assert process.pid in below
    assert len(below) >= 2
    assert weight > 1
    assert ours._peak_mb(process.pid) == 0
