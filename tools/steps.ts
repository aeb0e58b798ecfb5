/** Runs commands of the project and tells how they went. */
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'

export const root = fileURLToPath(new URL('..', import.meta.url))
export interface Step {
  name: string
  command: readonly string[]
}
export interface Outcome {
  name: string
  code: number
  output: string
  seconds: number
}

/**
 * Where the output of a command goes: it is kept for its outcome, or it is this process's own, or it is passed on as it
 * comes, so that the command does not write over what others say.
 */
export type Output = 'kept' | 'own' | 'passed-on'

const stdio = { kept: 'pipe', own: 'inherit', 'passed-on': 'pipe' } as const

/** Runs `node` with arguments. */
export function node(step: Step, to: Output = 'kept'): Promise<Outcome> {
  const began = performance.now()
  return new Promise((resolve) => {
    const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', ...step.command], {
      cwd: root,
      stdio: ['ignore', stdio[to], stdio[to]],
      env: { ...process.env, FORCE_COLOR: to !== 'kept' && process.stdout.isTTY ? '1' : '0' },
    })
    let output = ''
    for (const stream of [child.stdout, child.stderr])
      stream?.on('data', (part: Buffer) => {
        if (to === 'passed-on') process.stdout.write(part)
        else output += part.toString()
      })
    child.on('error', (error) => {
      output += error.message
    })
    child.on('close', (code) =>
      resolve({ name: step.name, code: code ?? 1, output: output.trim(), seconds: (performance.now() - began) / 1000 }),
    )
  })
}
