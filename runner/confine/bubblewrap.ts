/**
 * The strongest confinement: bubblewrap as an unprivileged user of the run alone, every namespace its own, no network,
 * read-only system and data, sized tmpfs for what is written.
 */
import { existsSync, lstatSync, openSync, closeSync, readlinkSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { processors, python, rProgram, specification } from './sandbox-environment.ts'
import { canFilter, seccompFilter } from './seccomp.ts'
import { supervise } from './supervise.ts'
import type { Outcome, Places, Sandbox, Task } from './task.ts'

const bwrap = process.env['CLOISTER_BWRAP'] ?? '/usr/bin/bwrap'
const taskset = '/usr/bin/taskset'
const at: Places = {
  data: '/data',
  job: '/job',
  output: '/output',
  work: '/tmp/work',
  home: '/tmp',
  notes: '/tmp',
  inside: '/cloister',
}
/** A pipeline works in a copy of its code, and what it writes lies on disk: it may be larger than the memory. */
const atLive: Places = {
  data: '/inputs',
  job: '/job',
  output: '/output',
  work: '/code',
  home: '/tmp',
  notes: '/tmp',
  inside: '/cloister',
}

/** What interpreters need of /etc. Nothing else of the host's is there: no users, hosts, keys or configuration. */
export const etc = [
  '/etc/ld.so.cache',
  '/etc/ld.so.conf',
  '/etc/ld.so.conf.d',
  '/etc/localtime',
  '/etc/alternatives',
  '/etc/R',
  '/etc/fonts',
  ...['3', '3.11', '3.12', '3.13', '3.14'].map((v) => `/etc/python${v}`),
]
/**
 * Of a fresh /proc: what tells of the machine, and what counts all that its processes do (how many there were, what was
 * read): by that one run could leave the next a sign.
 */
const telling = [
  'cmdline',
  'kcore',
  'keys',
  'key-users',
  'timer_list',
  'sched_debug',
  'kallsyms',
  'kmsg',
  'config.gz',
  'modules',
  'interrupts',
  'vmallocinfo',
  'zoneinfo',
  'slabinfo',
  'locks',
]
const counting = [
  'stat',
  'loadavg',
  'meminfo',
  'vmstat',
  'diskstats',
  'uptime',
  'buddyinfo',
  'pagetypeinfo',
  'schedstat',
  'softirqs',
  'swaps',
  'partitions',
  'cgroups',
  'sys',
  'pressure',
  'fs',
  'irq',
  'bus',
  'driver',
  'tty',
]
const covers = (names: readonly string[]): string[] =>
  names
    .map((name) => `/proc/${name}`)
    .filter((path) => existsSync(path))
    .flatMap((path) =>
      lstatSync(path).isDirectory()
        ? ['--size', '4096', '--tmpfs', path, '--remount-ro', path]
        : ['--ro-bind', '/dev/null', path],
    )

/** /lib, /bin and so on: links into /usr where they are links, read-only folders where they are not. */
function system(): string[] {
  const args = ['--ro-bind', '/usr', '/usr']
  for (const path of ['/lib', '/lib32', '/lib64', '/bin', '/sbin']) {
    if (!existsSync(path)) continue
    if (lstatSync(path).isSymbolicLink()) args.push('--symlink', readlinkSync(path), path)
    else args.push('--ro-bind', path, path)
  }
  for (const path of etc) if (existsSync(path)) args.push('--ro-bind', path, path)
  // Programs that somebody installed by hand are not part of the runtime.
  if (![python, rProgram].some((p) => p.startsWith('/usr/local/')) && existsSync('/usr/local'))
    args.push('--size', '4096', '--tmpfs', '/usr/local', '--remount-ro', '/usr/local')
  return args
}

let systemArgs: string[] | undefined
let procArgs: { always: string[]; compared: string[] } | undefined

/** bwrap's arguments for a run; descriptor 3 is the channel, 4 the seccomp filter. */
function argumentsFor(task: Task): string[] {
  systemArgs ??= system()
  procArgs ??= { always: covers(telling), compared: covers(counting) }
  const scratch = Math.max(64_000_000, task.limits.outputBytes * 2)
  const own = (name: string): string => join(task.folder, name)
  const written = task.live
    ? [
        '--bind',
        own('notes'),
        '/tmp',
        '--bind',
        own('work'),
        '/code',
        '--bind',
        own('output'),
        '/output',
        '--ro-bind',
        own('data'),
        '/inputs',
      ]
    : [
        '--size',
        String(scratch),
        '--tmpfs',
        '/tmp',
        '--dir',
        '/tmp/work',
        '--size',
        String(task.limits.outputBytes + 65_536),
        '--tmpfs',
        '/output',
        '--ro-bind',
        own('data'),
        '/data',
      ]
  return [
    '--unshare-user',
    '--unshare-pid',
    '--unshare-net',
    '--unshare-ipc',
    '--unshare-uts',
    '--unshare-cgroup-try',
    '--hostname',
    'cloister',
    '--die-with-parent',
    '--new-session',
    '--cap-drop',
    'ALL',
    '--clearenv',
    '--setenv',
    'PATH',
    '/usr/bin:/bin',
    ...systemArgs,
    '--proc',
    '/proc',
    ...procArgs.always,
    ...(task.live ? [] : procArgs.compared),
    '--dev',
    '/dev',
    '--size',
    '16000000',
    '--tmpfs',
    '/dev/shm',
    '--remount-ro',
    '/dev',
    ...written,
    '--ro-bind',
    task.inside,
    '/cloister',
    '--ro-bind',
    own('job'),
    '/job',
    '--ro-bind',
    own('spec.json'),
    '/spec.json',
    '--ro-bind',
    own('passwd'),
    '/etc/passwd',
    '--remount-ro',
    '/',
    '--chdir',
    '/tmp',
    '--seccomp',
    '4',
    '--',
    python,
    '-I',
    '-S',
    '-B',
    '/cloister/init.py',
    '/spec.json',
  ]
}

export const bubblewrap: Sandbox = {
  name: 'bubblewrap',
  can: (interpreter) =>
    process.platform === 'linux' &&
    canFilter(process.arch) &&
    existsSync(bwrap) &&
    existsSync(python) &&
    (interpreter === 'python' || existsSync(rProgram)) &&
    (process.getuid?.() !== 0 || process.setuid !== undefined),
  async run(task: Task): Promise<Outcome> {
    if (!canFilter(process.arch)) throw new Error('no seccomp filter for this processor')
    const filter = join(task.folder, 'filter.bpf')
    const user = task.uid ?? process.getuid?.() ?? 65534
    await Promise.all([
      writeFile(filter, seccompFilter(process.arch, { tracesAllowed: task.live !== undefined })),
      writeFile(join(task.folder, 'spec.json'), JSON.stringify(specification(task, task.live ? atLive : at, null)), {
        mode: 0o444,
      }),
      writeFile(join(task.folder, 'passwd'), `analyst:x:${user}:${user}::/tmp:/bin/sh\n`, { mode: 0o444 }),
    ])
    const fd = openSync(filter, 'r')
    try {
      // Set from outside: the filter is in force when init.py starts, and it forbids changing processors.
      const cpus = existsSync(taskset) ? processors(task) : undefined
      const [command, args] = cpus
        ? [taskset, ['-c', cpus.join(','), bwrap, ...argumentsFor(task)]]
        : [bwrap, argumentsFor(task)]
      return await supervise(task, {
        command,
        args,
        env: {},
        open: [fd],
        ...(task.uid === undefined ? {} : { uid: task.uid }),
        own: { memoryMb: 40, threads: 4 },
        ...(task.live ? { watched: ['output', 'work', 'notes'].map((f) => join(task.folder, f)) } : {}),
        end: 'kill',
      })
    } finally {
      closeSync(fd)
    }
  },
}
