"""The list of system calls names what it lets through, and refuses the rest."""

import json

from runner.engine import system_calls

PROFILE = json.loads(system_calls.profile())


def test_what_is_not_listed_is_refused() -> None:
    assert PROFILE["defaultAction"] == "SCMP_ACT_ERRNO"
    assert {rule["action"] for rule in PROFILE["syscalls"] if rule["names"] != ["clone3"]} == {"SCMP_ACT_ALLOW"}


def test_only_one_instruction_set_of_a_machine_is_let_through() -> None:
    assert [entry["subArchitectures"] for entry in PROFILE["archMap"]] == [[], []]


def test_what_leads_out_or_widens_the_kernels_surface_is_not_listed() -> None:
    dangerous = (
        "add_key bpf chroot clone clone3 delete_module finit_module fsopen init_module io_uring_setup kexec_load keyctl"
        " modify_ldt mount move_mount name_to_handle_at open_by_handle_at perf_event_open personality pidfd_getfd"
        " pivot_root process_vm_readv ptrace reboot request_key setns socket swapon sync umount2 unshare userfaultfd"
    )
    assert not set(dangerous.split()) & system_calls.ALLOWED


def test_sockets_are_of_the_containers_own_networks_only() -> None:
    families = {
        condition["value"]
        for rule in PROFILE["syscalls"]
        if rule["names"] == ["socket"]
        for condition in rule["args"]
        if condition["index"] == 0
    }
    assert families == {1, 2, 10, 16}
    assert all(
        condition["op"] == "SCMP_CMP_EQ"
        for rule in PROFILE["syscalls"]
        if rule["names"] == ["socket"]
        for condition in rule["args"]
    )
