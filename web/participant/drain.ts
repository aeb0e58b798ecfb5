/** Any visit sends what earlier runs in this browser left behind. */
import type { Device, LocalRun } from './device.ts'
import { Queue } from './queue.ts'
import type { StartedRun } from './run-sealing.ts'
import { Sender } from './sender.ts'
import { conclude } from './own-run.ts'
import { takeTabLock } from './tab-lock.ts'

const unsent = (run: LocalRun): run is StartedRun =>
  run.runId !== undefined &&
  (run.state === 'ending' || (run.state === 'running' && !run.acked.some(([a, b]) => a === 1 && b >= run.made)))

/** Sends one run's rest: until the run is over, or until everything is acknowledged of one that has not ended. */
async function sendRest(device: Device, run: StartedRun, until: Promise<void>): Promise<void> {
  const queue = await Queue.open(device, run)
  const sender = new Sender(queue)
  const enough = new Promise<void>((resolve) => {
    queue.onChange = () => {
      if (queue.left === 0 && !queue.closed) resolve()
    }
  })
  void sender.run()
  await Promise.race([sender.over.then((o) => conclude(device, run, o)), enough, until])
  sender.stop()
}

/**
 * Sends the rest of all runs except `nonce`, which this tab runs itself. `mine`: the link whose lock this tab holds,
 * until it is asked for. Runs of a link that another tab has are that tab's; when somebody opens the link of a run that
 * is being sent here, that tab takes over.
 */
export async function drain(
  device: Device,
  mine?: { code: string; asked: Promise<void> },
  nonce?: string,
): Promise<void> {
  for (const run of (await device.runs()).filter((r) => unsent(r) && r.nonce !== nonce) as StartedRun[]) {
    if (run.code === mine?.code) {
      void sendRest(device, run, mine.asked)
      continue
    }
    const lock = await takeTabLock(run.code)
    if (lock) void sendRest(device, run, lock.asked).finally(lock.release)
  }
}
