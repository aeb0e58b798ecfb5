import { randomBytes } from 'node:crypto'
import { appendFile, mkdtemp, open, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { encodeRecord } from '../../domain/pipelines/log.ts'
import { logsContract } from '../../ports/logs.contract.ts'
import { sealLines } from '../../runner/seal-words.ts'
import { localLogs } from './logs.ts'

logsContract('folder', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'cloister-logs-'))
  const logs = await localLogs({ folder })
  return { logs, write: (run, text) => appendFile(logs.file(run), text), close: () => rm(folder, { recursive: true }) }
})

logsContract('sealed folder', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'cloister-logs-'))
  const logs = await localLogs({ folder, seal: { key: randomBytes(32), writes: true } })
  const begun = new Map<string, string>()
  return {
    logs,
    // A runner seals whole lines: what of one is there waits for the rest.
    write: async (run, text) => {
      const plain = (begun.get(run) ?? '') + text
      const whole = plain.lastIndexOf('\n') + 1
      begun.set(run, plain.slice(whole))
      await appendFile(logs.file(run), sealLines(logs.key(run)!, plain.slice(0, whole)))
    },
    close: () => rm(folder, { recursive: true }),
  }
})

it('reads both ends and the middle of a log of 500 MB without holding it', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'cloister-logs-'))
  try {
    const logs = await localLogs({ folder })
    const run = 'job_big'
    const line = encodeRecord({ t: 1, s: 'out', x: 'y'.repeat(200) })
    // Sparse: 500 MB of nothing between two written ends, so that only what is read costs anything.
    const handle = await open(logs.file(run), 'w')
    await handle.write(line.repeat(1000), 0)
    await handle.write(
      `\n${line.repeat(1000)}${encodeRecord({ t: 2, s: 'sys', x: 'over', end: 'finished' })}`,
      500_000_000,
    )
    await handle.close()
    const before = process.memoryUsage.rss()
    const tail = await logs.tail(run, undefined, { records: 500, bytes: 1 << 20 })
    expect([tail.records.length, tail.ended]).toEqual([500, true])
    expect((await logs.tail(run, tail.first, { records: 200, bytes: 1 << 20 })).next).toBe(tail.first)
    expect((await logs.read(run, 0, { records: 10, bytes: 1 << 20 })).records).toHaveLength(10)
    expect((await logs.read(run, 500_000_000, { records: 10, bytes: 1 << 20 })).records[0]!.id).toBe(500_000_001)
    expect(process.memoryUsage.rss() - before).toBeLessThan(60_000_000)
  } finally {
    await rm(folder, { recursive: true })
  }
})

it('takes no name of a file for the id of a run', async () => {
  const logs = await localLogs({ folder: await mkdtemp(join(tmpdir(), 'cloister-logs-')) })
  for (const id of ['../x', 'job_', 'job_a/b', 'run_a', '']) expect(() => logs.file(id)).toThrow(RangeError)
})
