/** One thread that plays histories: told which, it answers what came of them. */
import { registerHooks } from 'node:module'
import { parentPort, workerData } from 'node:worker_threads'
import { type Mutation, mutations } from './mutations.ts'
import type { Asked, ThreadAnswer } from './threads.ts'

/** Puts a fault back into a file as it is loaded. */
function putBack({ file, changes }: Mutation): void {
  registerHooks({
    load(url, context, next) {
      const loaded = next(url, context)
      if (!url.endsWith(`/${file}`)) return loaded
      let source = String(loaded.source)
      for (const [from, to] of changes) {
        if (!source.includes(from)) throw new Error(`${file} does not say any more: ${from}`)
        source = source.replace(from, to)
      }
      return { ...loaded, source }
    },
  })
}

const { mutation } = workerData as { mutation?: keyof typeof mutations }
if (mutation) for (const one of mutations[mutation]!.patches) putBack(one)
// An error of which a history has many says where it comes from when somebody reads that history.
Error.stackTraceLimit = 0
const clock = performance.now.bind(performance)
const { prepareThread } = await import('./stage.ts')
const { play } = await import('./history.ts')
const { shrunk, toldOf } = await import('./shrink.ts')
const platform = await prepareThread()

const answer = (message: ThreadAnswer): void => parentPort!.postMessage(message)

/** Those that are asked for by name, then so many others. */
function* seedsOf({ from, step, most, besides }: Asked & { act: 'play' }): Generator<number> {
  yield* besides
  for (let count = 0; count < most; count++) yield from + count * step
}

async function histories(asked: Asked & { act: 'play' }): Promise<void> {
  const end = clock() + asked.until
  for (const seed of seedsOf(asked)) {
    if (clock() >= end) break
    const outcome = await play(platform, { seed })
    answer({ what: 'outcome', outcome: { ...outcome, faults: outcome.broken ? outcome.faults : [] } })
  }
  answer({ what: 'done' })
}

parentPort!.on('message', (asked: Asked) => {
  const work =
    asked.act === 'play'
      ? histories(asked)
      : (async () => {
          const of = (plan: Parameters<typeof play>[1]) => play(platform, plan)
          const plan = await shrunk(of, asked.outcome)
          answer({ what: 'shrunk', plan, lines: await toldOf(of, plan) })
        })()
  work.catch((error: unknown) =>
    answer({ what: 'failed', error: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
  )
})
answer({ what: 'ready' })
