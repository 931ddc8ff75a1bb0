"""What every engine has to do. Each adapter's test file runs this against itself."""

import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from typing import Any

import pytest

from runner.engine import errors
from runner.engine.base import ContainerSpec, Engine, Exit, ExitReason, Prepared
from runner.engine.limits import MIB, Limits

_numbers = count(int(time.time() * 1000) % 10_000_000)


class Lab(ABC):
    """An engine under test, and specs of the programs in `behaviours`."""

    engine: Engine
    image: str

    def spec(self, behaviour: str, **changes: Any) -> ContainerSpec:
        """A spec with a fresh name whose container does ``behaviour``."""
        settings: dict[str, Any] = {"run_id": "run1", "stage": "query", "image": self.image}
        settings["entrypoint"] = self.entrypoint(behaviour)
        return ContainerSpec(name=f"hivemind-test-{next(_numbers)}", **(settings | changes))

    @abstractmethod
    def entrypoint(self, behaviour: str) -> tuple[str, ...]:
        """The command line that makes the image do it."""

    @contextmanager
    def prepared(self, behaviour: str, **changes: Any) -> Iterator[Prepared]:
        """A prepared stage that is closed at the end."""
        with self.engine.prepare(self.spec(behaviour, **changes)) as prepared:
            yield prepared

    def run(self, behaviour: str, *, seconds: float = 30.0, env: dict[str, str] | None = None, **changes: Any) -> Exit:
        """The whole life of a stage."""
        with self.prepared(behaviour, **changes) as prepared:
            prepared.release(env or {})
            return prepared.wait(time.monotonic() + seconds)


class EngineContract:
    """Inherit, and give a fixture ``lab``."""

    def test_a_program_that_ends_by_itself_gives_both_streams_and_its_code(self, lab: Lab) -> None:
        ended = lab.run("hello")
        assert (ended.reason, ended.code, ended.stdout, ended.stderr) == (
            ExitReason.EXITED,
            0,
            b"hello\n",
            b"diagnosis\n",
        )
        assert ended.succeeded
        assert 0 <= ended.seconds < 30

    def test_a_program_that_fails_is_not_a_success_and_its_repr_shows_nothing_it_printed(self, lab: Lab) -> None:
        ended = lab.run("fails")
        assert (ended.reason, ended.code, ended.succeeded) == (ExitReason.EXITED, 3, False)
        assert "secret" not in repr(ended)
        assert "answer" not in repr(ended)

    def test_nothing_runs_before_the_release(self, lab: Lab) -> None:
        with lab.prepared("hello") as prepared:
            ended = prepared.wait(time.monotonic() + 0.5)
        assert ended.reason is ExitReason.TIMEOUT
        assert ended.stdout == ended.stderr == b""

    def test_the_deadline_ends_a_program_and_its_half_answer_is_dropped(self, lab: Lab) -> None:
        began = time.monotonic()
        ended = lab.run("hangs", seconds=1.0)
        assert (ended.reason, ended.stdout) == (ExitReason.TIMEOUT, b"")
        assert time.monotonic() - began < 10

    def test_too_much_on_stdout_ends_the_program_and_is_dropped(self, lab: Lab) -> None:
        ended = lab.run("floods_stdout", limits=Limits(stdout_bytes=100_000))
        assert (ended.reason, ended.stdout) == (ExitReason.STDOUT_EXCEEDED, b"")

    def test_too_much_on_stderr_is_cut_and_does_no_harm(self, lab: Lab) -> None:
        ended = lab.run("floods_stderr", limits=Limits(stderr_bytes=1000))
        assert (ended.reason, ended.stdout, ended.stderr) == (ExitReason.EXITED, b"answer\n", b"y" * 1000)

    def test_a_flood_on_stderr_ends_the_program(self, lab: Lab) -> None:
        ended = lab.run("floods_stderr_forever", limits=Limits(stderr_bytes=1000, stderr_flood_bytes=1_000_000))
        assert (ended.reason, len(ended.stderr)) == (ExitReason.STDERR_EXCEEDED, 1000)

    def test_a_program_that_takes_too_much_memory_is_told_from_one_that_was_killed(self, lab: Lab) -> None:
        ended = lab.run("eats_memory", limits=Limits(memory_bytes=48 * MIB))
        assert ended.reason is ExitReason.OOM

    def test_another_thread_may_kill_while_one_waits(self, lab: Lab) -> None:
        with lab.prepared("hangs") as prepared:
            prepared.release({})
            threading.Timer(0.5, prepared.kill).start()
            ended = prepared.wait(time.monotonic() + 60)
        assert (ended.reason, ended.stdout) == (ExitReason.KILLED, b"")

    def test_closing_ends_a_wait_as_well(self, lab: Lab) -> None:
        prepared = lab.engine.prepare(lab.spec("hangs"))
        prepared.release({})
        threading.Timer(0.5, prepared.close).start()
        assert prepared.wait(time.monotonic() + 60).reason is ExitReason.KILLED

    def test_waiting_again_gives_the_same_end(self, lab: Lab) -> None:
        with lab.prepared("hello") as prepared:
            prepared.release({})
            first = prepared.wait(time.monotonic() + 30)
            assert prepared.wait(time.monotonic() + 30) is first

    def test_killing_what_has_ended_changes_nothing(self, lab: Lab) -> None:
        with lab.prepared("hello") as prepared:
            prepared.release({})
            ended = prepared.wait(time.monotonic() + 30)
            prepared.kill()
            assert prepared.wait(time.monotonic() + 30) is ended
            assert ended.reason is ExitReason.EXITED

    def test_closing_twice_is_fine_and_leaves_no_container(self, lab: Lab) -> None:
        prepared = lab.engine.prepare(lab.spec("hangs"))
        prepared.close()
        prepared.close()
        lab.engine.close()
        assert prepared.container_id not in {stray.container_id for stray in lab.engine.list_containers()}

    def test_the_environment_arrives_whatever_it_contains(self, lab: Lab) -> None:
        text = 'it\'s a "test" $HOME `id` \\ \n é 漢 \u0081\u0088 !* ~'
        assert lab.run("tells_env", env={"GREETING": text}).stdout.decode() == text

    def test_a_file_arrives_as_it_is(self, lab: Lab) -> None:
        with lab.prepared("tells_file") as prepared:
            prepared.release({}, files={"GREETING": b"line one\nline two"})
            assert prepared.wait(time.monotonic() + 30).stdout == b"line one\nline two"

    def test_a_variable_too_large_for_the_kernel_becomes_a_file(self, lab: Lab) -> None:
        ended = lab.run("tells_file_or_env", env={"GREETING": "x" * 300_000, "OTHER": "y"})
        assert ended.stdout == b"False 300000"

    def test_a_listener_is_reached_from_inside(self, lab: Lab) -> None:
        with lab.prepared("asks_port") as prepared, prepared.listen(8787) as listener:
            prepared.release({"BRIDGE_URL": "http://127.0.0.1:8787"})
            listener.settimeout(10)
            connection, _ = listener.accept()
            with connection:
                connection.sendall(b"from the bridge\n")
            assert prepared.wait(time.monotonic() + 30).stdout == b"from the bridge\n"

    def test_one_port_is_listened_on_once(self, lab: Lab) -> None:
        with lab.prepared("hello") as prepared, prepared.listen(8787), pytest.raises(errors.EngineError):
            prepared.listen(8787)

    def test_a_second_release_is_refused(self, lab: Lab) -> None:
        with lab.prepared("hangs") as prepared:
            prepared.release({})
            with pytest.raises(errors.NotReleasable):
                prepared.release({})

    def test_a_killed_or_closed_stage_is_not_released(self, lab: Lab) -> None:
        with lab.prepared("hello") as killed:
            killed.kill()
            with pytest.raises(errors.NotReleasable):
                killed.release({})
        with pytest.raises(errors.NotReleasable):
            killed.release({})

    @pytest.mark.parametrize("name", ["", "1A", "A B", "A=B", "_hive_x", "A\nB", "É", "A" * 200])
    def test_a_variable_that_is_no_name_is_refused(self, lab: Lab, name: str) -> None:
        with lab.prepared("hello") as prepared, pytest.raises(errors.InvalidSpec):
            prepared.release({name: "x"})

    def test_a_nul_in_a_variable_is_refused_without_showing_it(self, lab: Lab) -> None:
        with lab.prepared("hello") as prepared, pytest.raises(errors.InvalidSpec) as refusal:
            prepared.release({"GREETING": "secret\0"})
        assert "secret" not in str(refusal.value)

    @pytest.mark.parametrize(
        "changes",
        [
            {"user": "0:0"},
            {"user": "root"},
            {"user": "1000"},
            {"name": "../x"},
            {"run_id": ""},
            {"entrypoint": "python 'unclosed"},
            {"limits": Limits(memory_bytes=MIB)},
            {"limits": Limits(pids=0)},
        ],
    )
    def test_a_spec_that_no_container_can_be_made_from_is_refused(self, lab: Lab, changes: dict[str, Any]) -> None:
        spec = lab.spec("hello")
        fields = {name: getattr(spec, name) for name in spec.__dataclass_fields__}
        with pytest.raises(errors.InvalidSpec):
            lab.engine.prepare(ContainerSpec(**(fields | changes)))

    def test_an_image_that_is_not_there_is_missing(self, lab: Lab) -> None:
        with pytest.raises(errors.ImageMissing):
            lab.engine.prepare(lab.spec("hello", image="hivemind-test-nowhere:latest"))
        assert lab.engine.image_info("hivemind-test-nowhere:latest") is None
        lab.engine.remove_image("hivemind-test-nowhere:latest")

    def test_a_name_is_used_once(self, lab: Lab) -> None:
        spec = lab.spec("hello")
        with lab.engine.prepare(spec), pytest.raises(errors.NameTaken):
            lab.engine.prepare(spec)

    def test_containers_of_dead_runs_are_removed_and_those_of_living_runs_stay(self, lab: Lab) -> None:
        with lab.prepared("hangs", run_id="alive") as alive, lab.prepared("hangs", run_id="dead") as dead:
            assert lab.engine.remove_strays({"alive"}, older_than_seconds=3600) == 0
            assert {stray.run_id for stray in lab.engine.list_containers()} >= {"alive", "dead"}
            time.sleep(1.1)
            assert lab.engine.remove_strays({"alive"}, older_than_seconds=0) == 1
            left = {stray.container_id for stray in lab.engine.list_containers()}
            assert alive.container_id in left
            assert dead.container_id not in left
            assert lab.engine.remove_strays({"alive"}, older_than_seconds=0) == 0

    def test_the_engine_tells_its_version(self, lab: Lab) -> None:
        facts = lab.engine.facts()
        assert facts.version
        assert facts.default_runtime in facts.runtimes

    def test_a_prepared_stage_tells_its_image_and_runtime(self, lab: Lab) -> None:
        info = lab.engine.image_info(lab.image)
        assert info is not None
        with lab.prepared("hello") as prepared:
            assert prepared.image_id == info.id
            assert prepared.runtime
