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

_LIBC = ctypes.CDLL(None, use_errno=True)

_PR_SET_DUMPABLE, _PR_CAPBSET_DROP, _PR_SET_NO_NEW_PRIVS, _PR_SET_SECCOMP, _PR_CAP_AMBIENT = 4, 24, 38, 22, 47
_PR_CAP_AMBIENT_CLEAR_ALL = 4
_SECCOMP_MODE_FILTER = 2
_CAPABILITY_VERSION_3 = 0x20080522
_CAPSET = {"x86_64": 126, "aarch64": 91}

# Landlock: rights to files, by the version of the interface that brought them, and what of them is granted.
_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_FILE_RIGHTS_UNTIL = {1: (1 << 13) - 1, 2: (1 << 14) - 1, 3: (1 << 15) - 1, 4: (1 << 15) - 1}
_FILE_RIGHTS = (1 << 16) - 1
_READ = 1 << 2 | 1 << 3
_OF_A_FILE = 1 << 1 | 1 << 2 | 1 << 14
_WRITE = _READ | 1 << 1 | 1 << 4 | 1 << 5 | 1 << 7 | 1 << 8 | 1 << 13 | 1 << 14
_NETWORK, _SCOPES = 0b11, 0b11  # TCP, both ways; abstract sockets and signals

_SYSTEM = """
/lib /lib64 /usr/lib /usr/lib64 /usr/local/lib /usr/share/zoneinfo /etc/ld.so.cache /etc/localtime /dev/urandom
/dev/random /proc/cpuinfo /proc/meminfo /proc/stat /proc/sys/vm /sys/devices/system /sys/kernel/mm
"""

_ARCHITECTURES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}

# Numbers on x86_64 and on aarch64; "-" where there is no such call.
_REFUSED = """
fork 57 -, vfork 58 -, execve 59 221, execveat 322 281, kill 62 129, tkill 200 130, rt_sigqueueinfo 129 138,
rt_tgsigqueueinfo 297 240, pidfd_send_signal 424 424, pidfd_open 434 434, pidfd_getfd 438 438, ptrace 101 117,
process_vm_readv 310 270, process_vm_writev 311 271, process_madvise 440 440, process_mrelease 448 448,
kcmp 312 272, socket 41 198, connect 42 203, accept 43 202, accept4 288 242, bind 49 200, listen 50 201,
setuid 105 146, setgid 106 144, setreuid 113 145, setregid 114 143, setgroups 116 159, setresuid 117 147,
setresgid 119 149, setfsuid 122 151, setfsgid 123 152, chmod 90 -, fchmod 91 52, fchmodat 268 53, fchmodat2 452 452,
chown 92 -, fchown 93 55, lchown 94 -, fchownat 260 54, setxattr 188 5, lsetxattr 189 6, fsetxattr 190 7,
removexattr 197 14, lremovexattr 198 15, fremovexattr 199 16, utime 132 -, utimes 235 -, futimesat 261 -,
utimensat 280 88, truncate 76 45, mknod 133 -, mknodat 259 33, link 86 -, linkat 265 37, symlink 88 -, symlinkat 266 36,
mount 165 40, umount2 166 39, pivot_root 155 41, chroot 161 51, unshare 272 97, setns 308 268, open_tree 428 428,
move_mount 429 429, fsopen 430 430, fsconfig 431 431, fsmount 432 432, fspick 433 433, mount_setattr 442 442,
quotactl_fd 443 443, bpf 321 280, perf_event_open 298 241, userfaultfd 323 282, io_uring_setup 425 425,
io_uring_enter 426 426, io_uring_register 427 427, init_module 175 105, finit_module 313 273,
delete_module 176 106, kexec_load 246 104, kexec_file_load 320 294, reboot 169 142, swapon 167 224,
swapoff 168 225, acct 163 89, quotactl 179 60, syslog 103 116, sethostname 170 161, setdomainname 171 162,
settimeofday 164 170, adjtimex 159 171, clock_settime 227 112, clock_adjtime 305 266, iopl 172 -, ioperm 173 -,
modify_ldt 154 -, keyctl 250 219, add_key 248 217, request_key 249 218, shmget 29 194, shmat 30 196,
shmctl 31 195, msgget 68 186, msgsnd 69 189, msgrcv 70 188, msgctl 71 187, semget 64 190, semop 65 193,
semctl 66 191, semtimedop 220 192, mq_open 240 180, mq_unlink 241 181, setpriority 141 140, ioprio_set 251 30,
sched_setscheduler 144 119, sched_setparam 142 118, sched_setattr 314 274, sched_setaffinity 203 122,
migrate_pages 256 238, move_pages 279 239, name_to_handle_at 303 264, open_by_handle_at 304 265,
fanotify_init 300 262
"""
_CLONE, _TGKILL, _PRLIMIT, _FCNTL, _IOCTL = (56, 220), (234, 131), (302, 261), (72, 25), (16, 29)
_CLONE3 = 435
_NEWEST = 457  # calls that are newer than this list are unknown to it, and refused
_CLONE_THREAD = 0x00010000
_OWNERS = (8, 10, 15)  # F_SETOWN, F_SETSIG, F_SETOWN_EX: the kernel would signal others
_TERMINAL = (0x5412, 0x541C)  # TIOCSTI, TIOCLINUX: typing into the terminal of whoever started the page

_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_KILL, _ALLOW, _EPERM, _ENOSYS = 0x80000000, 0x7FFF0000, 0x00050001, 0x00050026

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
    """What Python imports from."""
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
    if _LIBC.syscall(_CAPSET[platform.machine()], header, none) != 0:
        raise _failed("capset")


def _restrict_files(folder: str, readable: Iterable[str]) -> None:
    version = int(_LIBC.syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), 1))
    if version < 1:
        raise _failed("Landlock")
    known = _FILE_RIGHTS_UNTIL.get(version, _FILE_RIGHTS)
    attribute = struct.pack("<Q", known)
    attribute += struct.pack("<Q", _NETWORK) if version >= 4 else b""
    attribute += struct.pack("<Q", _SCOPES) if version >= 6 else b""
    ruleset = int(_LIBC.syscall(_CREATE_RULESET, attribute, ctypes.c_size_t(len(attribute)), 0))
    if ruleset < 0:
        raise _failed("a Landlock ruleset")
    own = f"/proc/{os.getpid()}"
    rules = [(path, _READ) for path in (*readable, own)]
    for path, rights in [*rules, (folder, _WRITE), (os.devnull, _READ | 1 << 1)]:
        if not os.path.exists(path):
            continue
        descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
        _kept.append(descriptor)
        rights &= known if os.path.isdir(path) else known & _OF_A_FILE
        if _LIBC.syscall(_ADD_RULE, ruleset, 1, struct.pack("<Qi", rights, descriptor), 0) != 0:
            raise _failed(f"a Landlock rule for {path}")
    if _LIBC.syscall(_RESTRICT_SELF, ruleset, 0) != 0:
        raise _failed("Landlock")
    os.close(ruleset)


def _restrict_calls() -> None:
    code = b"".join(struct.pack("<HBBI", *instruction) for instruction in _filter())
    buffer = ctypes.create_string_buffer(code, len(code))
    program = struct.pack("<HxxxxxxQ", len(code) // 8, ctypes.addressof(buffer))
    if _LIBC.prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, program, 0, 0) != 0:
        raise _failed("the seccomp filter")


def _filter() -> list[tuple[int, int, int, int]]:
    """Classic BPF over struct seccomp_data: the call's number at 0, the architecture at 4, low words of arguments at 16, 24."""
    machine = platform.machine()
    column = list(_ARCHITECTURES).index(machine)
    rules = [
        (_LOAD, 0, 0, 4),
        (_EQUAL, 1, 0, _ARCHITECTURES[machine]),
        (_RETURN, 0, 0, _KILL),
        (_LOAD, 0, 0, 0),
        (_AT_LEAST, 0, 1, _NEWEST),  # those of x32 among them
        (_RETURN, 0, 0, _ENOSYS),
        (_EQUAL, 0, 1, _CLONE3),  # its flags cannot be read; glibc falls back to clone
        (_RETURN, 0, 0, _ENOSYS),
    ]
    for entry in _REFUSED.replace("\n", " ").split(","):
        text = entry.split()[1 + column]
        if text != "-":
            rules += [(_EQUAL, 0, 1, int(text)), (_RETURN, 0, 0, _EPERM)]
    refused, allowed = (_RETURN, 0, 0, _EPERM), (_RETURN, 0, 0, _ALLOW)
    arguments = (
        (_CLONE[column], 0, [(_ANY_BIT, 1, 0, _CLONE_THREAD), refused]),
        (_TGKILL[column], 0, [(_EQUAL, 1, 0, os.getpid()), refused]),
        (_PRLIMIT[column], 0, [(_EQUAL, 1, 0, 0), refused]),
        (_FCNTL[column], 1, [rule for k in _OWNERS for rule in ((_EQUAL, 0, 1, k), refused)]),
        (_IOCTL[column], 1, [rule for k in _TERMINAL for rule in ((_EQUAL, 0, 1, k), refused)]),
    )
    for number, argument, body in arguments:
        rules += [(_EQUAL, 0, len(body) + 2, number), (_LOAD, 0, 0, 16 + 8 * argument), *body, allowed]
    return [*rules, allowed]


def _failed(what: str) -> OSError:
    return OSError(ctypes.get_errno(), f"the kernel refused {what} to the process of a job")
