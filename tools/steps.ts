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

/** Runs `node` with arguments. `show` passes the output through, otherwise it is kept. */
export function node(step: Step, show = false): Promise<Outcome> {
  const began = performance.now()
  return new Promise((resolve) => {
    const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', ...step.command], {
      cwd: root,
      stdio: ['ignore', show ? 'inherit' : 'pipe', show ? 'inherit' : 'pipe'],
      env: { ...process.env, FORCE_COLOR: show && process.stdout.isTTY ? '1' : '0' },
    })
    let output = ''
    for (const s of [child.stdout, child.stderr])
      s?.on('data', (d: Buffer) => {
        output += d.toString()
      })
    child.on('error', (e) => {
      output += e.message
    })
    child.on('close', (code) =>
      resolve({ name: step.name, code: code ?? 1, output: output.trim(), seconds: (performance.now() - began) / 1000 }),
    )
  })
}
