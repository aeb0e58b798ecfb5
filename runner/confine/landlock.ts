/**
 * Confinement where namespaces are not to be had: unprivileged user, no_new_privs, Landlock, seccomp and limits, made
 * by init.py. On Fargate, whose kernel may lack Landlock, the run's own user and seccomp carry it.
 */
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { chmod, rename, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { etc } from './bubblewrap.ts'
import { python, rProgram, specification } from './sandbox-environment.ts'
import { canFilter, seccompFilter } from './seccomp.ts'
import { supervise } from './supervise.ts'
import type { Outcome, Places, Sandbox, Task } from './task.ts'

const onFargate = (): boolean =>
  process.env['ECS_CONTAINER_METADATA_URI_V4'] !== undefined || process.env['AWS_EXECUTION_ENV'] === 'AWS_ECS_FARGATE'
const system = ['/usr', '/lib', '/lib32', '/lib64', '/bin', '/sbin', ...etc, '/sys/devices/system/cpu', '/proc/cpuinfo']
const devices = ['/dev/null', '/dev/zero', '/dev/full', '/dev/random', '/dev/urandom']

/**
 * In the image `/data` is a link to `data` below this path, which points to the run's folder: one run at a time there.
 * Undefined on a host.
 */
export const singlePlace = (): string | undefined => process.env['CLOISTER_PLACE']

/**
 * Where anybody may write on a usual system. In the container of a job nobody but the runner may: a run could leave the
 * next one something there.
 */
const open = ['/tmp', '/var/tmp', '/dev/shm', '/dev/mqueue', '/run/lock']

let version: number | undefined
/** Landlock's version here; 0 when the kernel does not have it. */
function landlockVersion(): number {
  version ??=
    Number(
      spawnSync(
        python,
        [
          '-I',
          '-S',
          '-c',
          'import ctypes; print(max(0, ctypes.CDLL(None).syscall(444, None, ctypes.c_size_t(0), ctypes.c_uint32(1))))',
        ],
        { encoding: 'utf8', env: {} },
      ).stdout,
    ) || 0
  return version
}

async function run(task: Task, needsLandlock: boolean): Promise<Outcome> {
  if (!canFilter(process.arch)) throw new Error('no seccomp filter for this processor')
  const own = (name: string): string => join(task.folder, name)
  const at: Places = {
    data: own('data'),
    job: own('job'),
    output: own('output'),
    work: own('work'),
    home: own('work'),
    notes: own('notes'),
    inside: task.inside,
  }
  const place = singlePlace()
  if (place) {
    await symlink(task.folder, `${place}.new`)
    await rename(`${place}.new`, place)
  }
  const rules: Record<string, 'read' | 'write' | 'device'> = {}
  for (const path of [...system, at.data, at.job, at.inside]) rules[path] = 'read'
  for (const path of [at.output, at.work, at.notes]) rules[path] = 'write'
  for (const path of devices) rules[path] = 'device'
  // From version 6 on Landlock itself keeps signals inside; a user of the run's own reaches nobody else either.
  const noSignals = task.uid === undefined && landlockVersion() < 6
  await writeFile(own('filter.bpf'), seccompFilter(process.arch, { noSignals, tracesAllowed: task.live !== undefined }))
  await writeFile(
    own('spec.json'),
    JSON.stringify(specification(task, at, { filter: own('filter.bpf'), rules, needsLandlock })),
  )
  return supervise(task, {
    command: python,
    args: ['-I', '-S', '-B', join(task.inside, 'init.py'), own('spec.json')],
    env: {},
    own: { memoryMb: 30, threads: 2 },
    watched: [at.output, at.work, at.notes],
    end: 'ask',
  })
}

const can = (interpreter: 'python' | 'r'): boolean =>
  process.platform === 'linux' &&
  canFilter(process.arch) &&
  existsSync(python) &&
  (interpreter === 'python' || existsSync(rProgram))

export const landlock: Sandbox = {
  name: 'landlock',
  can: (i) => can(i) && landlockVersion() > 0,
  run: (task) => run(task, true),
}
/** Only as root in a container of its own: the run's user is then the wall around files. */
export const fargate: Sandbox = {
  name: 'fargate',
  can: (i) => can(i) && onFargate() && process.getuid?.() === 0,
  async run(task) {
    await Promise.all(
      open.map((folder) =>
        chmod(folder, 0o711).catch(() => {
          /* it is not there, or it is read-only */
        }),
      ),
    )
    return run(task, false)
  },
}
