/**
 * Loaded into the host's process before the host itself: answers its parent how much processor time its main thread has
 * had, and for how long at most the loop has stood still since it was asked before.
 */
import { monitorEventLoopDelay } from 'node:perf_hooks'

export interface Loop {
  cpuMs: number
  longestMs: number
}
const delay = monitorEventLoopDelay({ resolution: 5 })
delay.enable()
process.on('message', (message) => {
  if (message !== 'loop') return
  const { user, system } = process.threadCpuUsage()
  const longestMs = delay.max / 1e6
  delay.reset()
  process.send?.({ loop: { cpuMs: (user + system) / 1000, longestMs } satisfies Loop })
})
