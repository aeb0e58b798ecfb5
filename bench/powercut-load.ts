/**
 * What a power cut is to lose nothing of: writes everything that a host keeps, in a folder, and says on its output what
 * it begins (`?`) and what was acknowledged (`!`), so that a trace of this process holds both in their order.
 */
import { randomBytes } from 'node:crypto'
import { writeSync } from 'node:fs'
import { join } from 'node:path'
import { makeFolder } from '../adapters/local/durable.ts'
import { localKeys } from '../adapters/local/keys.ts'
import { localObjects } from '../adapters/local/objects.ts'
import { type LocalTable, localTable } from '../adapters/local/table.ts'
import { makeTable } from '../adapters/local/table-folder.ts'
import { writeWhole } from '../local/files.ts'
import { lockHome } from '../local/home-lock.ts'
import type { Bucket } from '../ports/objects.ts'
import { keepLogin } from './powercut-login.ts'
import type { Step } from './powercut-step.ts'

/** Runs a step and says when it begins and when it is done. */
async function step(told: Step, work: () => Promise<unknown>): Promise<void> {
  const line = JSON.stringify(told)
  writeSync(1, `?${line}\n`)
  await work()
  writeSync(1, `!${line}\n`)
}

const lengths = [20, 700, 5000, 9000]

/** What is kept as the value of a number, of a length that crosses sectors and pages. */
export const valueOf = (name: string, number: number): string =>
  `${name} ${number} `.padEnd(lengths[number % lengths.length]!, '.')

async function items(table: LocalTable, writer: number, from: number, count: number): Promise<void> {
  for (let number = from; number < from + count; number++) {
    const name = `ITEM#${writer}|${number % 5}`
    const [pk, sk] = name.split('|') as [string, string]
    const value = valueOf(name, number)
    const told = { what: 'item', name, value: number } as const
    const held = await table.get<{ value: string }>({ pk, sk })
    if (!held) await step(told, () => table.create({ pk, sk, value, gpk: 'G', gsk: sk }))
    else if (number % 7 === 0) await step({ ...told, value: null }, () => table.remove({ pk, sk }))
    else if (number % 2 === 0) await step(told, () => table.update({ pk, sk }, { set: { value } }))
    else await step(told, () => table.replace({ pk, sk, value }, held.rev!))
  }
}

async function objectsOf(folder: string, table: LocalTable, from: number, count: number): Promise<void> {
  const objects = localObjects({ folder, baseUrl: 'http://nowhere', secret: randomBytes(32), table })
  for (let number = from; number < from + count; number++) {
    const bucket: Bucket = number % 2 === 0 ? 'assets' : 'protected'
    const key = `a/${number % 3}/b`
    const name = `${bucket}|${key}`
    const told = { what: 'object', name, value: number } as const
    const bytes = Buffer.from(valueOf(name, number))
    await step(told, () => objects.put(bucket, key, bytes, 'text/plain'))
    if (number % 5 === 4) await step({ ...told, value: null }, () => objects.remove(bucket, key))
  }
}

async function main(home: string, size: number): Promise<void> {
  await makeFolder(home)
  const unlock = await lockHome(home)
  const folder = join(home, 'store')
  await step({ what: 'store', name: 'store', value: 0 }, () => makeTable(folder, () => {}))
  const failed = (failure: Error): void => {
    throw failure
  }
  const keys = localKeys({ file: join(home, 'keyring.json') })
  for (let round = 0; round < 3; round++) {
    const table = await localTable({ folder, failed })
    const from = round * size
    await Promise.all([
      ...[0, 1, 2, 3, 4, 5].map((writer) => items(table, writer, from, size)),
      objectsOf(join(home, 'objects'), table, from, Math.ceil(size / 3)),
      keepLogin(home, step, from, Math.ceil(size / 6)),
      step({ what: 'file', name: 'state.json', value: round }, () =>
        writeWhole(join(home, 'state.json'), JSON.stringify(valueOf('state.json', round))),
      ),
    ])
    await step({ what: 'key', name: `org${round}`, value: 0 }, () => keys.createKey(`org${round}`))
    await table.close()
  }
  unlock()
}

const [, , home, size] = process.argv as [string, string, string, string]
if (import.meta.main) await main(home, Number(size))
