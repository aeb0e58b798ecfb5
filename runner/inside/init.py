"""First process of a run: starts the code under its limits, ends everything it left behind, and hands its output files over.

Under bubblewrap it runs inside the sandbox. Without namespaces (`confine` in the specification) it stays outside as the parent of all, and
the code and the collector each confine themselves first: unprivileged user, no_new_privs, Landlock, seccomp (confine.py).
The answer on descriptor 3 is one line of JSON and then the files' bytes. It comes from where the code ran, so the reader checks all of it.

A job starts this nine times or more, so it starts lean: json, re and signal would take longer to load than all that it does.
"""
import ctypes
import os
import resource
import stat
import sys
import time
from _signal import SIG_DFL, SIGKILL, SIGPIPE, SIGTERM, SIGXFSZ, signal

CHANNEL = 3
CPU = []  # seconds of everything that was waited for
PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_SET_CHILD_SUBREAPER = 1, 4, 36
libc = ctypes.CDLL(None, use_errno=True)


def children(pid):
    found = []
    try:
        for task in os.listdir(f'/proc/{pid}/task'):
            with open(f'/proc/{pid}/task/{task}/children') as f:
                found += [int(word) for word in f.read().split()]
    except OSError:
        pass  # it ended meanwhile
    return found


def descendants(pid):
    found = children(pid)
    for child in list(found):
        found += descendants(child)
    return found


def end_all(spec):
    """Kills every process below this one, and waits until none is left."""
    uid = spec.get('uid')
    for _ in range(1000):
        if spec['confine'] is None:
            try:
                os.kill(-1, SIGKILL)  # all of this process namespace but this process and its init
            except OSError:
                pass
        elif uid is not None and os.getuid() == 0:
            killer = os.fork()
            if killer == 0:  # as the run's own user one call reaches every process of the run at once, and nothing else
                try:
                    os.setresuid(uid, uid, uid)
                    os.kill(-1, SIGKILL)
                finally:
                    os._exit(0)
            os.waitpid(killer, 0)
        else:
            for pid in descendants(os.getpid()):
                try:
                    os.kill(pid, SIGKILL)
                except OSError:
                    pass
        try:
            while os.waitpid(-1, os.WNOHANG)[0] != 0:
                pass
        except ChildProcessError:
            return
        time.sleep(0.002)


def limit(spec):
    for name, value in spec['rlimits'].items():
        kind = getattr(resource, f'RLIMIT_{name}')
        hard = resource.getrlimit(kind)[1]
        if hard != resource.RLIM_INFINITY:
            value = min(value, hard)
        resource.setrlimit(kind, (value, value))


def start(spec):
    """Forks the code's own process; answers its id."""
    pid = os.fork()
    if pid != 0:
        return pid
    try:
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        if spec.get('cpus'):
            os.sched_setaffinity(0, spec['cpus'])
        os.umask(0o077)
        os.closerange(3, 1024)
        if spec['confine'] is not None:
            confine(spec)
        limit(spec)
        libc.prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0)
        os.chdir(spec['cwd'])
        for s in (SIGPIPE, SIGXFSZ, SIGTERM):
            signal(s, SIG_DFL)
        os.execve(spec['argv'][0], spec['argv'], spec['env'])
    except BaseException as e:  # noqa: B902 - whatever it is, the child must not go on as its parent
        os.write(2, f'the confinement could not be set up: {type(e).__name__} {e}\n'.encode())
    os._exit(126)


def confine(spec):
    sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
    import confine as own
    own.confine(spec)


def read_file(folder, name, most):
    """Bytes of a regular file with one name, or None; never follows a link, never waits on a pipe or a device."""
    try:
        fd = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=folder)
    except OSError:
        return None
    try:
        s = os.fstat(fd)
        if not stat.S_ISREG(s.st_mode) or s.st_nlink != 1:
            return None
        parts, size = [], 0
        while size <= most:
            part = os.read(fd, min(1 << 20, most + 1 - size))
            if not part:
                break
            parts.append(part)
            size += len(part)
        return b''.join(parts)
    finally:
        os.close(fd)


def plain(name, spec):
    """Whether a file of this name may leave: letters, digits and a few signs, and a known ending. The reader looks again."""
    stem, dot, ending = name.rpartition('.')
    return bool(dot) and ending in spec['endings'] and 0 < len(stem) <= 100 and stem.isascii() and stem[0] not in ' .-' and all(c.isalnum() or c in '_. -' for c in stem)


def collect(spec):
    """Output files by name: from the output folder, and `result.json` and tables from the working directory. None when there are too many or they are too big."""
    found, left = {}, spec['outputBytes']
    for place, loose in ((spec['output'], False), (spec['cwd'], True)):
        try:
            folder = os.open(place, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
        except OSError:
            continue
        space = os.fstatvfs(folder)
        if spec['confine'] is None and space.f_bavail == 0:
            return None  # a full file system of its own: what is there may be cut off
        entries = os.listdir(folder)
        if len(entries) > 10_000:
            return None
        for name in sorted(entries):
            if name in found or not plain(name, spec) or (loose and name != 'result.json' and not name.endswith('.csv')):
                continue
            data = read_file(folder, name, left)
            if data is None:
                continue
            left -= len(data)
            if left < 0 or len(found) >= spec['outputFiles']:
                return None
            found[name] = data
        os.close(folder)
    return found


def hand_over(spec, status):
    folder = os.open(spec['notes'], os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    note = read_file(folder, '.cloister-error.json', 2000) or b''
    files = {} if spec.get('live') else collect(spec)  # a pipeline's files are taken from its folder
    code, killed = (os.WEXITSTATUS(status), None) if os.WIFEXITED(status) else (None, os.WTERMSIG(status))
    listed = ','.join(f'["{n}",{len(b)}]' for n, b in (files or {}).items())
    said = {'code': code, 'signal': killed, 'cpu': sum(CPU), 'tooMuch': 'true' if files is None else 'false', 'note': f'"{note.hex()}"', 'files': f'[{listed}]'}
    head = ','.join(f'"{key}":{"null" if value is None else value}' for key, value in said.items())
    with os.fdopen(CHANNEL, 'wb') as out:
        out.write(f'{{{head}}}\n'.encode())
        for data in (files or {}).values():
            out.write(data)


def main():
    with open(sys.argv[1], encoding='utf8') as f:  # the runner's own file: JSON is Python but for three words
        spec = eval(f.read(), {'__builtins__': {}, 'true': True, 'false': False, 'null': None})
    parent = os.getppid()
    libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    libc.prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)  # the code runs as the same user: it may not look into this process
    if spec['confine'] is not None:
        def stop(*_):
            end_all(spec)
            os._exit(143)
        signal(SIGTERM, stop)
        libc.prctl(PR_SET_PDEATHSIG, SIGTERM, 0, 0, 0)
        if os.getppid() != parent:
            stop()
    code = start(spec)
    while True:
        pid, status = os.waitpid(-1, 0)
        if pid == code:
            break
    end_all(spec)
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    CPU.extend((used.ru_utime, used.ru_stime))
    if spec['confine'] is None:
        hand_over(spec, status)
        return
    collector = os.fork()
    if collector == 0:
        try:
            confine(spec)
            hand_over(spec, status)
        finally:
            os._exit(0)
    os.waitpid(collector, 0)


main()
os._exit(0)  # nothing is left to be tidied up
