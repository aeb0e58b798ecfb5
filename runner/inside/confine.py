"""Confinement without namespaces, made by the process on itself: unprivileged user, no_new_privs, Landlock, seccomp. Linux's own interfaces by number."""
import ctypes
import os
import struct

libc = ctypes.CDLL(None, use_errno=True)
PR_SET_SECCOMP, PR_SET_NO_NEW_PRIVS, SECCOMP_MODE_FILTER = 22, 38, 2
LANDLOCK_CREATE, LANDLOCK_ADD, LANDLOCK_RESTRICT = 444, 445, 446  # the same on every processor
LANDLOCK_VERSION, PATH_BENEATH = 1, 1
EXECUTE, WRITE_FILE, READ_FILE, READ_DIR, TRUNCATE, IOCTL_DEV = 1 << 0, 1 << 1, 1 << 2, 1 << 3, 1 << 14, 1 << 15
MAKE = 1 << 4 | 1 << 5 | 1 << 7 | 1 << 8 | 1 << 12 | 1 << 13  # remove folders and files, make folders, files and links, move between folders
READ = EXECUTE | READ_FILE | READ_DIR
ON_FILES = EXECUTE | WRITE_FILE | READ_FILE | TRUNCATE | IOCTL_DEV


def check(result, what):
    if result < 0:
        e = ctypes.get_errno()
        raise OSError(e, f'{what}: {os.strerror(e)}')
    return result


def landlock_version():
    return max(0, libc.syscall(LANDLOCK_CREATE, None, ctypes.c_size_t(0), ctypes.c_uint32(LANDLOCK_VERSION)))


def landlock(rules):
    """From here on only the paths of `rules` can be opened: {path: 'read' | 'write' | 'device'}; no TCP; no signals and no abstract sockets to processes outside."""
    version = landlock_version()
    if version < 1:
        raise OSError('Landlock is not there')
    handled = (1 << {1: 13, 2: 14, 3: 15, 4: 15}.get(version, 16)) - 1
    attributes = struct.pack('=QQQ', handled, 3, 3)[:8 if version < 4 else 16 if version < 6 else 24]
    rules_fd = check(libc.syscall(LANDLOCK_CREATE, attributes, ctypes.c_size_t(len(attributes)), ctypes.c_uint32(0)), 'landlock_create_ruleset')
    for path, how in rules.items():
        try:
            fd = os.open(path, os.O_PATH | os.O_CLOEXEC)
        except FileNotFoundError:
            continue
        allowed = {'read': READ, 'write': READ | WRITE_FILE | TRUNCATE | MAKE, 'device': READ_FILE | WRITE_FILE}[how] & handled
        if not os.path.isdir(path):
            allowed &= ON_FILES
        rule = struct.pack('=Qi', allowed, fd)
        check(libc.syscall(LANDLOCK_ADD, ctypes.c_int(rules_fd), ctypes.c_int(PATH_BENEATH), rule, ctypes.c_uint32(0)), f'landlock_add_rule {path}')
        os.close(fd)
    check(libc.syscall(LANDLOCK_RESTRICT, ctypes.c_int(rules_fd), ctypes.c_uint32(0)), 'landlock_restrict_self')
    os.close(rules_fd)


def seccomp(program):
    buffer = ctypes.create_string_buffer(program, len(program))

    class Filter(ctypes.Structure):
        _fields_ = [('length', ctypes.c_ushort), ('filter', ctypes.c_void_p)]

    f = Filter(len(program) // 8, ctypes.addressof(buffer))
    check(libc.prctl(PR_SET_SECCOMP, ctypes.c_ulong(SECCOMP_MODE_FILTER), ctypes.byref(f), ctypes.c_ulong(0), ctypes.c_ulong(0)), 'seccomp')


def confine(spec):
    """Gives up everything this process could do beyond `spec`; raises when any of it fails, and then nothing may be run."""
    with open(spec['confine']['filter'], 'rb') as f:
        program = f.read()
    uid = spec.get('uid')
    if os.getuid() == 0:
        if not uid:
            raise OSError('code never runs as root')
        os.setgroups([])
        os.setresgid(uid, uid, uid)
        os.setresuid(uid, uid, uid)
    check(libc.prctl(PR_SET_NO_NEW_PRIVS, ctypes.c_ulong(1), ctypes.c_ulong(0), ctypes.c_ulong(0), ctypes.c_ulong(0)), 'no_new_privs')
    if landlock_version() >= 1:
        landlock(spec['confine']['rules'])
    elif spec['confine']['needsLandlock']:
        raise OSError('Landlock is not there')
    seccomp(program)
