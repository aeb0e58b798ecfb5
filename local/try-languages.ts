/**
 * A program: tries confinements and prints what works as one line of JSON. A process of its own, so that it can be
 * asked again after something was installed.
 */
import { chooseSandbox } from '../runner/confine/choose.ts'

const [python, rSandbox] = await Promise.all(
  (['python', 'r'] as const).map((i) => chooseSandbox(i).catch(() => undefined)),
)
process.stdout.write(`${JSON.stringify({ python: python?.name, r: rSandbox?.name })}\n`)
