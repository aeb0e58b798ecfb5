/** Ends processes of a run: asks its code, kills each, waits until none is left. */
import { isInit, processesOf, usage } from './resource-usage.ts'

/** Sends a signal to each; one that is gone already is as it should be. */
function signalEach(processes: readonly number[], signal: 'SIGTERM' | 'SIGKILL'): void {
  for (const pid of processes) {
    try {
      process.kill(pid, signal)
    } catch {
      /* it is gone */
    }
  }
}

/** Kills a process and everything below it, the youngest first. */
export function killEach(pid: number): void {
  signalEach(usage(pid).processes.reverse(), 'SIGKILL')
}

/**
 * Waits until the run's own user has no process left; what still is there is killed. A confinement's end takes its
 * processes along, but the kernel needs a moment.
 */
export async function gone(uid: number): Promise<void> {
  for (let tries = 0; tries < 500; tries++) {
    const left = processesOf(uid)
    if (left.length === 0) return
    if (tries > 2) signalEach(left, 'SIGKILL')
    await new Promise((resolve) => {
      setTimeout(resolve, 5)
    })
  }
}

/** Asks the code of a run to end, not the processes around it. False when there is none. */
export function askToEnd(pid: number): boolean {
  const init = usage(pid).processes.find(isInit)
  const code = init === undefined ? [] : usage(init).processes.slice(1)
  signalEach(code, 'SIGTERM')
  return code.length > 0
}
