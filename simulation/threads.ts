/** Histories on several threads at once. */
import { Worker } from 'node:worker_threads'
import type { Outcome, Plan } from './history.ts'

/** What a thread is asked. */
export type Asked =
  | { act: 'play'; from: number; step: number; until: number; most: number; besides: readonly number[] }
  | { act: 'shrink'; outcome: Outcome }
/** What it answers. */
export type ThreadAnswer =
  | { what: 'ready' }
  | { what: 'outcome'; outcome: Outcome }
  | { what: 'done' }
  | { what: 'shrunk'; plan: Plan; lines: string[] }
  | { what: 'failed'; error: string }

export interface Played {
  outcomes: Outcome[]
  /** The first history that breaks a law, made small, and what happens in it. */
  broken: { outcome: Outcome; plan: Plan; lines: string[] } | undefined
}

interface Wanted {
  /** The first seed. */
  from: number
  threads: number
  /** Milliseconds of this machine, and histories in all; whichever comes first. */
  milliseconds: number
  most: number
  /** Seeds that are played before the others. */
  besides?: readonly number[]
  /** A fault that is put back by hand (simulation/mutations.ts). */
  mutation?: string
  /** Whether the first history that breaks a law is made small; it is the last one in any case. */
  shrinks?: boolean
}

/** Plays histories of successive seeds until there were enough. */
export async function playHistories(wanted: Wanted): Promise<Played> {
  const { from, threads, milliseconds, most, mutation, besides = [], shrinks = true } = wanted
  const played: Played = { outcomes: [], broken: undefined }
  const workers = Array.from(
    { length: threads },
    () => new Worker(new URL('./thread.ts', import.meta.url), { workerData: { mutation } }),
  )
  try {
    await Promise.all(
      workers.map(
        (worker, index) =>
          new Promise<void>((resolve, reject) => {
            worker.once('error', reject)
            worker.on('message', (answer: ThreadAnswer) => {
              if (answer.what === 'failed') reject(new Error(answer.error))
              if (answer.what === 'ready') {
                const share = Math.ceil(most / threads)
                worker.postMessage({
                  act: 'play',
                  from: from + index,
                  step: threads,
                  until: milliseconds,
                  most: share,
                  besides: besides.filter((_, i) => i % threads === index),
                } satisfies Asked)
              }
              if (answer.what === 'outcome') {
                played.outcomes.push(answer.outcome)
                if (answer.outcome.broken) resolve()
              }
              if (answer.what === 'done') resolve()
            })
          }),
      ),
    )
  } finally {
    await Promise.all(workers.map((worker) => worker.terminate()))
  }
  const first = played.outcomes.find((outcome) => outcome.broken)
  if (first && shrinks) played.broken = await small(first, mutation)
  return played
}

/** A history that breaks a law, made small. */
export async function small(outcome: Outcome, mutation?: string): Promise<Played['broken']> {
  const worker = new Worker(new URL('./thread.ts', import.meta.url), { workerData: { mutation } })
  try {
    return await new Promise((resolve, reject) => {
      worker.once('error', reject)
      worker.on('message', (answer: ThreadAnswer) => {
        if (answer.what === 'ready') worker.postMessage({ act: 'shrink', outcome } satisfies Asked)
        if (answer.what === 'failed') reject(new Error(answer.error))
        if (answer.what === 'shrunk') resolve({ outcome, plan: answer.plan, lines: answer.lines })
      })
    })
  } finally {
    await worker.terminate()
  }
}
