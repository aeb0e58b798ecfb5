/**
 * One synthesis in a process of its own, so that processor time and peak memory are its own: part of
 * bench/synthesis.ts. Arguments: folder of the Adult files (or a number of rows), method, epsilon, seed, file to write.
 * Answers with one message.
 */
import { createCipheriv, createHash } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { rhoWithin } from '../domain/privacy/accounting.ts'
import { Uniform } from '../domain/privacy/randomness.ts'
import type { Method } from '../domain/synthesis/auto.ts'
import { codesFor, type Table } from '../domain/synthesis/encode.ts'
import type { Domain } from '../domain/synthesis/column-domain.ts'
import { metrics } from '../domain/synthesis/metrics.ts'
import { Stream } from '../domain/synthesis/stream.ts'
import { synthesise } from '../domain/synthesis/synthesise.ts'
import { readAdult } from './synthesis/adult.ts'

/** What a run answers. CPU seconds of the whole engine, reading the file and measuring the result not included. */
export interface RunFigures {
  method: string
  cpuSeconds: number
  wallSeconds: number
  peakMb: number
  tvd1: number
  tvd2: number
  tvd3: number
  rounds: number
  exact: boolean
}

const [folder, method, epsilon, seed, file] = process.argv.slice(2)

/** AES-CTR of a seed. For the bench alone: the product draws noise from the system's generator. */
function seeded(name: string): Uniform {
  const cipher = createCipheriv(
    'aes-128-ctr',
    createHash('sha256').update(name).digest().subarray(0, 16),
    Buffer.alloc(16),
  )
  return new Uniform((bytes) => {
    bytes.set(cipher.update(new Uint8Array(bytes.length)))
  })
}

/** So many rows of 30 columns, each a noisy function of two before it. */
function madeUp(rows: number): { domain: Domain; train: Table } {
  const sizes = Array.from({ length: 30 }, (_, i) => [2, 5, 12, 40, 8, 3][i % 6]!)
  const stream = new Stream(seeded('million'))
  const columns = sizes.map((s) => codesFor(s, rows))
  for (let row = 0; row < rows; row++)
    for (let column = 0; column < sizes.length; column++) {
      const size = sizes[column]!
      columns[column]![row] =
        column > 1 && stream.below(10) < 7
          ? (columns[column - 1]![row]! + columns[column >> 1]![row]!) % size
          : Math.min(stream.below(size), stream.below(size))
    }
  return {
    domain: {
      columns: sizes.map((size, index) => ({
        kind: index % 6 === 3 ? ('ordinal' as const) : ('categorical' as const),
        name: `c${index}`,
        categories: Array.from({ length: size }, (_, k) => String(k)),
      })),
    },
    train: { rows, columns },
  }
}

const adult = /^\d+$/.test(folder!) ? undefined : readAdult(folder!)
const { domain, train } = adult ?? madeUp(Number(folder))
const [cpu, began] = [process.cpuUsage(), performance.now()]
const { table, account } = await synthesise({
  domain,
  data: train,
  method: method as Method,
  budget: rhoWithin(Number(epsilon), 1e-9),
  rowsPerPerson: 1,
  rowsDeclared: Math.round(train.rows / 1000) * 1000,
  random: seeded(`${method} ${epsilon} ${seed}`),
})
const { user, system } = process.cpuUsage(cpu)
const figures = {
  method: account.method,
  cpuSeconds: (user + system) / 1e6,
  wallSeconds: (performance.now() - began) / 1000,
  peakMb: process.resourceUsage().maxRSS / 1024,
  rounds: account.rounds.length,
  exact: account.drawn.reduce((n, d) => n + d.rho, 0n) === account.budget,
}
const measured = adult
  ? metrics(adult.coarse(train), adult.coarse(table), adult.evalSizes)
  : { tvd1: 0, tvd2: 0, tvd3: 0 }
if (adult && file) {
  const lines = [adult.header]
  for (let row = 0; row < table.rows; row++) lines.push(table.columns.map((codes) => codes[row]).join(','))
  writeFileSync(file, `${lines.join('\n')}\n`)
}
process.send?.({ ...figures, ...measured } satisfies RunFigures)
