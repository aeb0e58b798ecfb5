/**
 * The last resort, and the only one outside Linux: Python compiled to WebAssembly (pyodide, standard library only)
 * inside Deno with no permission left when the code starts. R has none: it is refused.
 */
import { existsSync, readdirSync, statSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { environment } from './sandbox-environment.ts'
import { supervise } from './supervise.ts'
import { looseNames, type Outcome, outputNames, type Places, type Sandbox, type Task } from './task.ts'

const at: Places = {
  data: '/data',
  job: '/job',
  output: '/output',
  work: '/tmp/work',
  home: '/tmp',
  notes: '/tmp',
  inside: '/cloister',
}

const packages = fileURLToPath(new URL('../webassembly/node_modules', import.meta.url))

/**
 * Where Deno and pyodide are, once they were fetched (tools/runtimes.ts); undefined when they are not there, or when
 * the run's own user could not read them.
 */
function programs(): { deno: string; pyodide: string } | undefined {
  const pyodide = join(packages, 'pyodide')
  const builds = join(packages, '@deno')
  if (!existsSync(join(pyodide, 'package.json')) || !existsSync(builds)) return undefined
  // Only this platform's build is installed.
  const deno = readdirSync(builds)
    .flatMap((build) => [join(builds, build, 'deno'), join(builds, build, 'deno.exe')])
    .find((file) => existsSync(file))
  if (!deno) return undefined
  for (let path = deno; process.getuid?.() === 0 && path !== dirname(path); path = dirname(path))
    if ((statSync(path).mode & 0o001) === 0) return undefined
  return { deno, pyodide }
}
let found: ReturnType<typeof programs> | null = null

async function run(task: Task): Promise<Outcome> {
  found ??= programs()
  if (!found) throw new Error('Deno or pyodide is not installed')
  const { deno, pyodide } = found
  const spec = join(task.folder, 'spec.json')
  await writeFile(
    spec,
    JSON.stringify({
      folders: [
        [task.inside, at.inside],
        [join(task.folder, 'job'), at.job],
        [join(task.folder, 'data'), at.data],
      ],
      argv: [`${at.inside}/python.py`, at.notes, `${at.job}/${task.source}`],
      env: environment(task, at),
      cwd: at.work,
      output: at.output,
      notes: at.notes,
      names: outputNames,
      looseNames,
      outputBytes: task.limits.outputBytes,
      outputFiles: task.limits.outputFiles,
    }),
    { mode: 0o444 },
  )
  return supervise(task, {
    command: deno,
    args: [
      'run',
      '--no-prompt',
      '--no-remote',
      '--no-npm',
      '--no-config',
      '--no-lock',
      '--cached-only',
      '--no-code-cache',
      `--v8-flags=--wasm-lazy-compilation,--max-old-space-size=${task.limits.memoryMb}`,
      `--allow-read=${[pyodide, task.inside, task.folder].join(',')}`,
      join(task.inside, 'wasm.mjs'),
      pyodide,
      spec,
    ],
    // Deno wants a place for its caches; there is nothing it may write.
    env: {
      DENO_DIR: join(task.folder, 'work'),
      HOME: join(task.folder, 'work'),
      DENO_NO_UPDATE_CHECK: '1',
      NO_COLOR: '1',
    },
    ...(task.uid === undefined ? {} : { uid: task.uid }),
    own: { memoryMb: 400, threads: 64 },
    end: 'kill',
    answersOn: 1,
  })
}

export const wasm: Sandbox = {
  name: 'wasm',
  can(interpreter) {
    if (found === null) found = programs()
    return interpreter === 'python' && found !== undefined
  },
  run,
}
