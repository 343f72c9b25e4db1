"""Confinement of a job's process, for good: what our own readers and the model need, and nothing beyond.

The job runs no stranger's code. This holds if it is made to, by a fault of ours or of a library: the process can write
to its own folder only, read what Python imports from and no other process's memory or environment, and start, signal
and reach nothing. See landlock(7), seccomp(2), capabilities(7), prctl(2). Unlike ``metrics.sandbox.seccomp``, which
lists what a program may do, the filter here lists what the job may not: torch does more than can be listed.
"""

from __future__ import annotations

import ctypes
import os
import platform
import struct
import sys
import sysconfig
import time
from collections.abc import Iterable

from llamoco.metrics.sandbox import landlock, seccomp, syscalls

_LIBC = ctypes.CDLL(None, use_errno=True)

_PR_SET_DUMPABLE, _PR_CAPBSET_DROP, _PR_SET_NO_NEW_PRIVS, _PR_CAP_AMBIENT = 4, 24, 38, 47
_PR_CAP_AMBIENT_CLEAR_ALL = 4
_CAPABILITY_VERSION_3 = 0x20080522

_SYSTEM = """
/lib /lib64 /usr/lib /usr/lib64 /usr/local/lib /usr/share/zoneinfo /etc/ld.so.cache /etc/localtime /dev/urandom
/dev/random /proc/cpuinfo /proc/meminfo /proc/stat /proc/sys/vm /sys/devices/system /sys/kernel/mm
"""

# Refused; not all machines have all of them.
_REFUSED = """
fork vfork execve execveat kill tkill rt_sigqueueinfo rt_tgsigqueueinfo pidfd_send_signal pidfd_open
pidfd_getfd ptrace process_vm_readv process_vm_writev process_madvise process_mrelease kcmp socket connect
accept accept4 bind listen setuid setgid setreuid setregid setgroups setresuid setresgid setfsuid setfsgid
chmod fchmod fchmodat fchmodat2 chown fchown lchown fchownat setxattr lsetxattr fsetxattr removexattr
lremovexattr fremovexattr utime utimes futimesat utimensat truncate mknod mknodat link linkat symlink
symlinkat mount umount2 pivot_root chroot unshare setns open_tree move_mount fsopen fsconfig fsmount fspick
mount_setattr quotactl_fd bpf perf_event_open userfaultfd io_uring_setup io_uring_enter io_uring_register
init_module finit_module delete_module kexec_load kexec_file_load reboot swapon swapoff acct quotactl syslog
sethostname setdomainname settimeofday adjtimex clock_settime clock_adjtime iopl ioperm modify_ldt keyctl
add_key request_key shmget shmat shmctl msgget msgsnd msgrcv msgctl semget semop semctl semtimedop mq_open
mq_unlink setpriority ioprio_set sched_setscheduler sched_setparam sched_setattr sched_setaffinity
migrate_pages move_pages name_to_handle_at open_by_handle_at fanotify_init
"""
_NEWEST = 457  # calls that are newer than this list are unknown to it, and refused
_OWNERS = (8, 10, 15)  # F_SETOWN, F_SETSIG, F_SETOWN_EX: the kernel would signal others
_TERMINAL = (0x5412, 0x541C)  # TIOCSTI, TIOCLINUX: typing into the terminal of whoever started the page

_kept: list[int] = []  # descriptors of what rules are about; /proc forgets a folder that nobody holds


def hide() -> None:
    """Keep other processes of the same user from reading this one's memory and environment (but for root's)."""
    if sys.platform == "linux" and _LIBC.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0) != 0:
        raise _failed("PR_SET_DUMPABLE")


def confine(folder: str, readable: Iterable[str]) -> None:
    """Confine this process, and the threads that it starts from now on.

    Args:
        folder: the only one that it may write to.
        readable: files and folders that it may read, beside Python's and the system's libraries.

    Raises:
        OSError: if the kernel refuses.
        RuntimeError: if there are other threads already, which would go free.
    """
    end = time.monotonic() + 2  # the kernel lets go of a thread a moment after it was joined
    while len(os.listdir("/proc/self/task")) != 1:
        if time.monotonic() > end:
            raise RuntimeError("the process has threads already: they would not be confined")
        time.sleep(0.01)
    _drop_capabilities()
    if _LIBC.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
        raise _failed("PR_SET_NO_NEW_PRIVS")
    _restrict_files(folder, [*_SYSTEM.split(), *_python(), *readable])
    _restrict_calls()
    hide()


def _python() -> set[str]:
    """Paths that Python imports from."""
    paths = {entry for entry in sys.path if entry and os.path.isabs(entry)}
    paths |= {sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")}
    paths |= {f"{sys.base_prefix}/lib", f"{sys.prefix}/lib", f"{sys.prefix}/pyvenv.cfg"}
    return paths | {entry for entry in os.environ.get("LD_LIBRARY_PATH", "").split(":") if entry}


def _drop_capabilities() -> None:
    """As root: give up what root may do beyond its own files, other processes' memory above all."""
    for capability in range(64):
        _LIBC.prctl(_PR_CAPBSET_DROP, capability, 0, 0, 0)  # refused to who has none
    _LIBC.prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0)
    header, none = struct.pack("<Ii", _CAPABILITY_VERSION_3, 0), bytes(24)
    if _LIBC.capset(header, none) != 0:
        raise _failed("capset")


def _restrict_files(folder: str, readable: Iterable[str]) -> None:
    rules = [(path, landlock.READ) for path in (*readable, f"/proc/{os.getpid()}")]
    rules += [(folder, landlock.WRITE | landlock.MOVE), (os.devnull, landlock.ADD)]
    _kept.extend(os.open(path, os.O_PATH | os.O_CLOEXEC) for path, _ in rules if os.path.exists(path))
    files = landlock.Landlock(_LIBC)
    ruleset = files.everything(rules, isolated=True)
    files.restrict(ruleset)
    os.close(ruleset)


def _restrict_calls() -> None:
    program = seccomp.FilterProgram(_filter(platform.machine()))
    if _LIBC.prctl(seccomp.PR_SET_SECCOMP, seccomp.SECCOMP_MODE_FILTER, program.pointer, 0, 0) != 0:
        raise _failed("the seccomp filter")


def _filter(machine: str) -> list[seccomp.Instruction]:
    number = syscalls.numbers(machine)
    refuse = seccomp.returning(seccomp.ERRNO | seccomp.EPERM)
    allow = seccomp.returning(seccomp.ALLOW)
    absent = seccomp.returning(seccomp.ERRNO | seccomp.ENOSYS)
    bodies = {number[name]: [refuse] for name in _REFUSED.split() if name in number}
    bodies[number["clone3"]] = [absent]  # its flags cannot be read; glibc falls back to clone
    bodies[number["clone"]] = seccomp.if_any_bit(0, seccomp.CLONE_THREAD, allow, refuse)
    for name, argument, values, matching, others in (
        ("tgkill", 0, (os.getpid(),), allow, refuse),
        ("prlimit64", 0, (0,), allow, refuse),
        ("fcntl", 1, _OWNERS, refuse, allow),
        ("ioctl", 1, _TERMINAL, refuse, allow),
    ):
        bodies[number[name]] = seccomp.if_value(argument, values, matching, others)
    return seccomp.assemble(machine, bodies, [allow], seccomp.returning(seccomp.KILL), (_NEWEST, absent))


def _failed(what: str) -> OSError:
    return OSError(ctypes.get_errno(), f"the kernel refused {what} to the process of a job")
