/**
 * Loaded into the host's process before the host itself: whenever it is told to (SIGUSR2), it collects its garbage and
 * adds a line to a file about what is still alive. Resident memory alone does not tell what is held from what the
 * collector and the system's allocator keep for later.
 */
import { appendFileSync } from 'node:fs'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

/** What is alive in the host's main thread after a collection, in bytes. */
export interface Alive {
  heap: number
  /** Buffers and other memory that hangs on objects of the heap. */
  external: number
}
setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void
process.on('SIGUSR2', () => {
  collect()
  const { heapUsed, external } = process.memoryUsage()
  const alive: Alive = { heap: heapUsed, external }
  appendFileSync(process.env['BENCH_MEMORY']!, `${JSON.stringify(alive)}\n`)
})
