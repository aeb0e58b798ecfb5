/** What benchmarks share: what they need first, and the line of JSON that each prints last. */
import { availableParallelism, cpus } from 'node:os'

export interface Goal {
  goal: number | string
  got: number | string
  met: boolean
}

/** Installs what a benchmark needs, or ends the process with the sentence that says what is missing. */
export async function need(install: () => unknown): Promise<void> {
  try {
    await install()
  } catch (error) {
    console.error((error as Error).message)
    process.exit(1)
  }
}

/** A goal that is met by `got` or less. */
export const atMost = (goal: number, got: number): Goal => ({ goal, got, met: got <= goal })

/** A goal that is met by `got` or more. */
export const atLeast = (goal: number, got: number): Goal => ({ goal, got, met: got >= goal })

/**
 * Prints the line. `quick`: the sizes were small, so that the times say nothing; only what counts faults (lost,
 * leaked, ...) means then what it always means.
 */
export function report(bench: string, quick: boolean, figures: object, goals: Record<string, Goal>): void {
  const machine = {
    cpu: cpus()[0]?.model ?? '',
    cores: availableParallelism(),
    node: process.version,
    platform: `${process.platform}-${process.arch}`,
  }
  console.log(JSON.stringify({ bench, machine, figures: { quick, ...figures }, goals }))
}
