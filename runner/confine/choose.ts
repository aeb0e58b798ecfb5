/** Which confinement runs the code: the strongest that works here, found out by trying it once. */
import type { Confinement } from '../../domain/release/run-report.ts'
import { defaultLimits } from '../../domain/jobs/manifest.ts'
import { type JobFolder, makeJobFolder, makeRunFolder, userFor } from '../folders.ts'
import { bubblewrap } from './bubblewrap.ts'
import { fargate, landlock } from './landlock.ts'
import type { Interpreter, Sandbox } from './task.ts'
import { wasm } from './wasm.ts'

/** Strongest first. */
export const sandboxes: readonly Sandbox[] = [bubblewrap, fargate, landlock, wasm]

/**
 * What a confinement must show before anything is trusted to it: it runs, cannot make a socket, is not root, and does
 * not see the host's users.
 */
const probe = `import json, os
seen = []
if os.name == 'posix' and os.uname().sysname == 'Linux':
    import socket
    try:
        socket.socket()
        seen.append('socket')
    except OSError:
        pass
    if os.getuid() == 0:
        seen.append('root')
try:
    if 'root:' in open('/etc/passwd').read():
        seen.append('users')
except OSError:
    pass
json.dump(seen, open(os.environ['CLOISTER_OUTPUT'] + '/result.json', 'w'))
`
const probeR = `cat('[]', file = file.path(Sys.getenv('CLOISTER_OUTPUT'), 'result.json'))`

/** Tries a confinement with a small script. False when anything at all is not as it must be. */
async function works(sandbox: Sandbox, interpreter: Interpreter, job: JobFolder): Promise<boolean> {
  if (!sandbox.can(interpreter)) return false
  const uid = userFor(63)
  const [source, code] = interpreter === 'python' ? ['script.py', probe] : ['script.R', probeR]
  try {
    const folder = await makeRunFolder(
      job,
      'probe',
      {
        dataset: 'probe',
        tables: [],
        linked: [],
        job: [
          { file: source, bytes: code },
          { file: 'parameters.json', bytes: '{}' },
        ],
      },
      uid,
    )
    const outcome = await sandbox.run({
      interpreter,
      folder,
      inside: job.inside,
      source,
      ...(uid === undefined ? {} : { uid }),
      slot: 63,
      limits: { ...defaultLimits, memoryMb: 1024 },
      seconds: 120,
      signal: new AbortController().signal,
    })
    const said = outcome.outputs.find((o) => o.file === 'result.json')?.bytes.toString('utf8')
    // A container's own /etc/passwd is part of the public image: on Fargate it stays readable.
    return outcome.end === 'finished' && (said === '[]' || (sandbox.name === 'fargate' && said === '["users"]'))
  } catch {
    return false
  }
}

const tried = new Map<string, Promise<boolean>>()

/**
 * The confinement for an interpreter, or undefined when none works and nothing may run. `only` asks for one by name.
 * Tried once per process.
 */
export async function chooseSandbox(interpreter: Interpreter, only?: Confinement): Promise<Sandbox | undefined> {
  for (const sandbox of sandboxes) {
    if ((only !== undefined && sandbox.name !== only) || !sandbox.can(interpreter)) continue
    // The walls of the native ones are the same for every program; in WebAssembly each interpreter brings its own.
    const tryWith: Interpreter = sandbox.name === 'wasm' ? interpreter : 'python'
    const key = `${sandbox.name} ${tryWith}`
    let known = tried.get(key)
    if (known === undefined) {
      known = (async () => {
        const job = await makeJobFolder()
        try {
          return await works(sandbox, tryWith, job)
        } finally {
          job.remove()
        }
      })()
      tried.set(key, known)
    }
    if (await known) return sandbox
  }
  return undefined
}
