import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { json, once, output } from './testing.ts'

let server: Server
let port = 0
let calls = 0
let secret = ''

beforeAll(async () => {
  server = createServer((_, response) => {
    calls++
    response.end('host')
  })
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  port = (server.address() as AddressInfo).port
  secret = mkdtempSync(join(tmpdir(), 'cloister-run-secret-'))
  mkdirSync(join(secret, 'output'))
  writeFileSync(join(secret, 'secret.txt'), 'the secret of another job')
})
afterAll(() => {
  server.close()
  rmSync(secret, { recursive: true })
})

/** Tries each line of Python on its own; answers which of them went through. Everything in `tries` must be stopped. */
const trying = (tries: Record<string, string>): string => `import json
tries = ${JSON.stringify(tries)}
through = []
for name, code in tries.items():
    try:
        exec(code, {})
        through.append(name)
    except BaseException:
        pass
json.dump(through, open('result.json', 'w'))`

const everywhere = (): Record<string, string> => ({
  loopback: `import urllib.request; urllib.request.urlopen('http://127.0.0.1:${port}/', timeout=2).read()`,
  metadata: "import socket; s = socket.create_connection(('169.254.169.254', 80), 1)",
  credentials: "import socket; s = socket.create_connection(('169.254.170.2', 80), 1)",
  'host users': "assert 'root:' in open('/etc/passwd').read()",
  'host shadow': "open('/etc/shadow').read()",
  'host home': "import os; os.listdir('/root')",
  'another job': `open(${JSON.stringify(join(secret, 'secret.txt'))}).read()`,
  'another job’s folder': `import os; os.listdir(${JSON.stringify(secret)})`,
  'write into it': `open(${JSON.stringify(join(secret, 'output', 'x'))}, 'w')`,
  'parent’s environment':
    "import os; assert any(len(open(f'/proc/{p}/environ').read()) > 0 and 'CLOISTER_TEST_SECRET' in open(f'/proc/{p}/environ').read() for p in os.listdir('/proc') if p.isdigit())",
  'own environment': "import os; assert 'CLOISTER_TEST_SECRET' in os.environ",
  'write the data': "import os; open(os.environ['DATA_ROOT'] + '/catalogs/people/subjects.csv', 'a').write('x')",
  'add to the data': "import os; open(os.environ['DATA_ROOT'] + '/catalogs/people/new.csv', 'w')",
  'host files': "open('/tmp/../home/x', 'w')",
  'kernel settings': "open('/proc/sys/kernel/core_pattern', 'w').write('|/bin/sh')",
  'hard link out': "import os; os.link('/etc/hosts', 'result.csv')",
})

const native = (): Record<string, string> => ({
  ...everywhere(),
  'a socket of any family':
    'import socket\nfor f in (1, 2, 10, 16, 17, 38, 40):\n    try:\n        socket.socket(f, socket.SOCK_DGRAM)\n        break\n    except OSError: pass\nelse: raise OSError',
  'look into init': "import os; open(f'/proc/{os.getppid()}/mem', 'rb')",
  trace: 'import ctypes; l = ctypes.CDLL(None); assert l.ptrace(0, 0, 0, 0) == 0',
  namespaces: 'import ctypes; assert ctypes.CDLL(None).unshare(0x10000000) == 0',
  'namespaces by clone':
    'import ctypes; r = ctypes.CDLL(None).syscall(56, 0x10000011, 0, 0, 0, 0)\nif r == 0:\n    import os; os._exit(0)\nassert r > 0',
  mount: "import ctypes; assert ctypes.CDLL(None).mount(b'none', b'/tmp', b'tmpfs', 0, None) == 0",
  keys: 'import ctypes; assert ctypes.CDLL(None).syscall(250, 0, -3, 0, 0) != -1',
  bpf: 'import ctypes; assert ctypes.CDLL(None).syscall(321, 0, 0, 0) != -1',
  'uncounted memory': "import os; os.memfd_create('x')",
  'more processors': 'import os; os.sched_setaffinity(0, range(64))',
  'become root': 'import os; os.setuid(0)',
  'gain by a set-uid program':
    "import subprocess; assert subprocess.run(['/usr/bin/su', '-c', 'true'], stdin=subprocess.DEVNULL, capture_output=True).returncode == 0",
  'host processes': `import os; os.kill(${process.pid}, 0)`,
  'a device': "import os; os.mknod('d', 0o600 | 0o020000, os.makedev(1, 1))",
  'a named pipe': "import os; os.mkfifo('result.csv')",
  'write the system': "open('/usr/x', 'w')",
  'write its own helpers': "import sys; open([p for p in sys.path if p.endswith('helpers')][0] + '/cloister.py', 'a')",
})

test.each(['bubblewrap', 'landlock'] as const)('%s stops what goes outwards', async (confinement) => {
  process.env['CLOISTER_TEST_SECRET'] = 'x'
  const run = await once(trying(native()), {}, { confinement })
  expect(run.stderr).toBe('')
  expect(json(run)).toEqual([])
  expect(calls).toBe(0)
})

test('bubblewrap shows a small world of its own', async () => {
  const run = await once(`import os, json
try: cmdline = open('/proc/cmdline').read()
except OSError: cmdline = False
with open('/dev/shm/x', 'wb') as f:
    try:
        for _ in range(100): f.write(b'x' * 10**6)
        full = False
    except OSError: full = True
json.dump({'root': sorted(os.listdir('/')), 'etc': sorted(os.listdir('/etc')), 'pids': [p for p in os.listdir('/proc') if p.isdigit()], 'net': [l.split(':')[0].strip() for l in open('/proc/net/dev').readlines()[2:]], 'uid': os.getuid(), 'full': full,
  'cmdline': cmdline, 'host': os.uname().nodename, 'writable': [p for p in ('/', '/dev', '/etc', '/proc/sys', '/job', '/data', '/usr') if os.access(p, os.W_OK)]}, open('result.json', 'w'))`)
  const seen = json(run)
  expect(seen.root).not.toContain('home')
  expect(seen.root).not.toContain('root')
  for (const name of ['shadow', 'hosts', 'ssl', 'ssh', 'environment']) expect(seen.etc).not.toContain(name)
  expect(seen.pids.length).toBeLessThan(6)
  expect(seen.net).toEqual(['lo'])
  expect(seen).toMatchObject({ full: true, cmdline: false, host: 'cloister', writable: [] })
  expect(seen.uid).not.toBe(0)
})

test.each(['bubblewrap', 'landlock'] as const)(
  '%s: a fork bomb and what it leaves behind end with the run',
  async (confinement) => {
    const bomb = await once(
      'import os, sys\nwhile True:\n    try: os.fork()\n    except BlockingIOError: pass',
      { limits: { processes: 20, seconds: 15 } },
      { confinement },
    )
    expect(bomb.end).toBe('process-limit')
    const daemon = await once(
      `import os, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        time.sleep(60)
    os._exit(0)
open('result.json', 'w').write(str(os.getuid()))`,
      {},
      { confinement },
    )
    expect(daemon.end).toBe('finished')
    // When the run's report is there, none of its user's processes is.
    const { execFileSync } = await import('node:child_process')
    // (A zombie runs nothing: it waits for whoever reaps orphans here.)
    const users = execFileSync('ps', ['-eo', 'uid=,stat='], { encoding: 'utf8' })
      .split('\n')
      .map((l) => l.trim().split(/\s+/))
      .filter(([, state]) => !state?.startsWith('Z'))
      .map(([uid]) => uid)
    expect(json(daemon)).not.toBe(process.getuid?.())
    expect(users).not.toContain(output(daemon))
  },
)

test.each(['bubblewrap', 'landlock'] as const)(
  '%s collects regular files with plain names only',
  async (confinement) => {
    const run = await once(
      `import os
out = os.environ['CLOISTER_OUTPUT']
os.symlink('/etc/passwd', out + '/a.csv')
os.symlink(os.environ['DATA_ROOT'] + '/catalogs/people/subjects.csv', out + '/result.json')
open(out + '/real.csv', 'w').write('x\\n1\\n')
os.link(out + '/real.csv', out + '/b.csv')
os.mkdir(out + '/c.csv')
for name in ('..csv', '.hidden.csv', 'x.exe', 'a\\nb.csv', '%2e.csv', 'ü.csv'):
    open(out + '/' + name, 'w').write('x')
open(out + '/ok.svg', 'w').write('<svg/>')
open('loose.png', 'w').write('x')
open('loose.csv', 'w').write('y')`,
      {},
      { confinement },
    )
    expect(run.end).toBe('finished')
    expect(run.outputs.map((o) => o.file)).toEqual(['ok.svg', 'loose.csv'])
  },
)

test('landlock stops a script that takes too much', async () => {
  const at = { confinement: 'landlock' } as const
  expect(await once('import time\nwhile True: time.sleep(1)', { limits: { seconds: 1 } }, at)).toMatchObject({
    end: 'time-limit',
  })
  expect(await once('x = bytearray(10**10)', { limits: { memoryMb: 200 } }, at)).toMatchObject({ end: 'memory-limit' })
  expect(await once('open("result.json", "w").write("x" * 5_000_000)', {}, at)).toMatchObject({ end: 'output-limit' })
  expect(
    json(
      await once(
        'x <- read.csv(file.path(Sys.getenv("CLOISTER_DATA"), "catalogs/people/subjects.csv"))\ncloister$scalar("n", nrow(x))',
        { runtime: 'r' },
        at,
      ),
    ),
  ).toMatchObject({ outputs: [{ value: 64 }] })
})

test('WebAssembly: standard Python runs; host, network and processes are out of reach', async () => {
  // One run for all of it: this interpreter takes seconds to start, many of them on a busy machine.
  // Its files are in its own memory: what it writes there is nobody's.
  const { 'host files': _, ...tries } = everywhere()
  const script = `import csv, os, statistics
print(statistics.mean(float(r['age']) for r in csv.DictReader(open(os.environ['DATA_ROOT'] + '/catalogs/people/subjects.csv'))))
${trying({
  ...tries,
  fork: 'import os; os.fork()',
  program: "import subprocess; subprocess.run(['/bin/true'])",
  'Deno reads': "import js; js.Deno.readTextFileSync('/etc/hostname')",
  'Deno writes': "import js; js.Deno.writeTextFileSync('/tmp/x', 'x')",
  'Deno runs': "import js; js.Deno.Command.new('/bin/true').outputSync()",
  'Deno env': "import js; js.Deno.env.get('PATH')",
  ...Object.fromEntries(
    ['read', 'write', 'net', 'env', 'sys', 'run', 'ffi', 'import'].map((name) => [
      `permission ${name}`,
      `from pyodide.code import run_js; assert run_js('Deno.permissions.requestSync({ name: "${name}" }).state') == 'granted'`,
    ]),
  ),
  fetch: "from pyodide.code import run_js; run_js('new XMLHttpRequest()')",
  numpy: 'import numpy',
})}
print(open('result.json').read())
import numpy`
  const run = await once(script, { limits: { seconds: 200 } }, { confinement: 'wasm', probed: true })
  expect(run).toMatchObject({
    end: 'script-error',
    errorClass: 'ModuleNotFoundError',
    line: script.split('\n').length,
    outputs: [],
  })
  expect(run.stdout).toBe('50.796875\n[]\n')
  expect(calls).toBe(0)
}, 240_000)
