import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { base64url, sha256Hex } from '../../domain/hash.ts'
import { recordHash, runHash, type SealedRecord } from '../../domain/runs/records.ts'
import { importRunKey, sealBytes, sealRecord } from '../../domain/runs/sealing.ts'
import type { Client } from '../api.ts'
import { unzipSync, strFromU8 } from 'fflate'
import { toJson, toPsychDs, trialsCsv } from './exports.ts'
import type { OpenedRun, RunRow } from './model.ts'
import { openRuns } from './open.ts'
import { trialsOf } from '../../domain/runs/opened.ts'
import { filesOf, tableRows } from './rows.ts'
import { gaps } from './verify.ts'

const runId = 'run_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'
const raw = crypto.getRandomValues(new Uint8Array(32))
const key = await importRunKey(raw)
const iv = () => crypto.getRandomValues(new Uint8Array(12))
const row = { runId, state: 'completed', condition: 'left', version: 2, received: 5 } as unknown as RunRow

type Sealed = SealedRecord & {
  seq: number
  download?: { method: 'GET'; url: string; headers: Record<string, string>; expires: string }
}
interface Said {
  op?: SealedRecord['op']
  part?: string
  body: unknown
  bytes?: Uint8Array
}

const stored = new Map<string, Uint8Array>()
/** What a participant's page would send: sealed records with a right end. */
async function sealRun(said: Said[]): Promise<Sealed[]> {
  const records: Sealed[] = []
  for (const { op = 'append', part = 'main', body, bytes } of said) {
    const at = { runId, seq: records.length + 1, op, part }
    const record: Sealed = {
      seq: at.seq,
      op: at.op,
      part: at.part,
      jwe: await sealRecord({ key, ...at, body, iv: iv() }),
    }
    if (bytes) {
      const sealed = await sealBytes(key, bytes, at, iv())
      const sha256 = await sha256Hex(sealed)
      stored.set(sha256, sealed)
      Object.assign(record, {
        object: { sha256, size: sealed.length },
        download: { method: 'GET', url: `https://objects.example/${sha256}`, headers: {}, expires: '' },
      })
    }
    records.push(record)
  }
  const last = records.length + 1
  const at = { runId, seq: last, op: 'end' as const, part: 'main' }
  const hash = await runHash(await Promise.all(records.map(recordHash)))
  return [
    ...records,
    {
      seq: last,
      op: 'end',
      part: 'main',
      jwe: await sealRecord({ key, ...at, body: { last, hash }, iv: iv() }),
      end: { last, hash },
    },
  ]
}

async function open(records: Sealed[], pageSize = 2): Promise<OpenedRun> {
  const client = {
    runs: {
      open: async () => ({ runs: [{ runId, key: base64url(raw), row }] }),
      sealed: async ({ query }: { query: { from: number } }) => {
        const rest = records.filter((r) => r.seq >= query.from)
        return { records: rest.slice(0, pageSize), ...(rest.length > pageSize ? { next: rest[pageSize]!.seq } : {}) }
      },
    },
  } as unknown as Client
  const fetchStored = (async (url: string) => {
    const bytes = stored.get(url.split('/').at(-1)!)
    return bytes ? new Response(bytes as Uint8Array<ArrayBuffer>) : new Response('', { status: 404 })
  }) as unknown as typeof fetch
  for await (const run of openRuns(client, {
    studyId: 'std_x',
    purpose: 'a test of opening',
    runIds: [runId],
    fetch: fetchStored,
  }))
    return run
  throw new Error('nothing opened')
}

describe('opening a run', () => {
  it('gives back every trial, file and session, and finds nothing wrong', async () => {
    const bytes = new Uint8Array([1, 2, 3])
    const big = new TextEncoder().encode('{"essay":"long"}')
    const run = await open(
      await sealRun([
        { body: { trial: 1, rt: 320.5 } },
        { op: 'session', body: { at: 1 } },
        { op: 'session', body: { at: 2 } },
        {
          op: 'file',
          body: { attached: { name: '../../etc/päss wd.png', type: 'image/png', size: 3, sha256: '', json: false } },
          bytes,
        },
        {
          body: { attached: { name: '', type: 'application/json', size: big.length, sha256: '', json: true } },
          bytes: big,
        },
        { body: [{ a: 1 }, { a: 2 }] },
        { body: 7 },
      ]),
    )
    expect(run.findings).toEqual([])
    expect(run.trials.map((t) => [t.seq, Object.fromEntries(t.data)])).toEqual([
      [1, { trial: 1, rt: 320.5 }],
      [5, { essay: 'long' }],
      [6, { a: 1 }],
      [6, { a: 2 }],
      [7, { value: 7 }],
    ])
    expect(run.session).toEqual({ at: 2 })
    expect(run.files).toMatchObject([{ name: '00004-p_ss_wd.png', type: 'image/png', bytes }])
  })

  it('lets a replacement supersede what its part recorded before, and nothing else', async () => {
    const run = await open(
      await sealRun([
        { part: 'a', body: { n: 1 } },
        { part: 'b', body: { n: 2 } },
        { op: 'replace', part: 'a', body: { n: 3 } },
        { part: 'a', body: { n: 4 } },
      ]),
    )
    expect(run.trials.map((t) => t.data.get('n'))).toEqual([2, 3, 4])
  })

  it('names a gap, and does not blame the hash for it', async () => {
    const run = await open(
      (await sealRun([{ body: 1 }, { body: 2 }, { body: 3 }, { body: 4 }])).filter((r) => r.seq !== 2 && r.seq !== 3),
    )
    expect(run.findings).toMatchObject([{ kind: 'gap', seq: 2, through: 3 }])
    expect(run.trials).toHaveLength(2)
  })

  it('notices records that were swapped for others of the same run', async () => {
    const records = await sealRun([{ body: 1 }, { body: 2 }])
    const other = await sealRun([{ body: 'planted' }])
    const run = await open([{ ...records[0]!, jwe: other[0]!.jwe }, ...records.slice(1)])
    expect(run.findings).toMatchObject([{ kind: 'altered' }])
  })

  it('cannot be made to take a record for another one', async () => {
    const [first, second, end] = await sealRun([{ body: 1 }, { body: 2 }])
    const run = await open([{ ...first!, jwe: second!.jwe }, { ...second!, jwe: first!.jwe }, end!])
    expect(run.findings.map((f) => f.kind).sort()).toEqual(['altered', 'unopenable', 'unopenable'])
    expect(run.trials).toEqual([])
  })

  it('notices an end that was forged outside the seal', async () => {
    const records = await sealRun([{ body: 1 }, { body: 2 }, { body: 3 }])
    const shorter = records.slice(0, 2)
    const forged = {
      ...records[3]!,
      seq: 3,
      end: { last: 3, hash: await runHash(await Promise.all(shorter.map(recordHash))) },
    }
    expect((await open([...shorter, forged])).findings.map((f) => f.kind)).toContain('unopenable')
    const rehashed = records.map((r) => (r.op === 'end' ? { ...r, end: { last: 4, hash: '0'.repeat(64) } } : r))
    expect((await open(rehashed)).findings.map((f) => f.kind)).toContain('altered')
  })

  it('says that a run without an end may go on', async () =>
    expect((await open((await sealRun([{ body: 1 }])).slice(0, 1))).findings).toMatchObject([{ kind: 'unfinished' }]))

  it('refuses other bytes under an object’s hash', async () => {
    const records = await sealRun([{ op: 'file', body: { name: 'a.bin' }, bytes: new Uint8Array([9]) }])
    stored.set(records[0]!.object!.sha256, new Uint8Array(records[0]!.object!.size))
    const run = await open(records)
    expect(run.findings).toMatchObject([{ kind: 'object', seq: 1 }])
    expect(run.files).toEqual([])
  })
})

describe('gaps', () => {
  it('are exactly the numbers that are not there', () =>
    fc.assert(
      fc.property(fc.uniqueArray(fc.integer({ min: 1, max: 40 })), fc.integer({ min: 0, max: 40 }), (seqs, last) => {
        const missing = gaps(seqs, last).flatMap(([a, b]) => Array.from({ length: b - a + 1 }, (_, i) => a + i))
        expect(missing).toEqual(Array.from({ length: last }, (_, i) => i + 1).filter((n) => !seqs.includes(n)))
      }),
    ))
})

describe('exports', () => {
  const opened = (id: string, values: unknown[]): OpenedRun => {
    const ofRun = { ...row, runId: id }
    const records = values.map((value, i) => ({ seq: i + 1, op: 'append' as const, part: 'main', value }))
    return {
      row: ofRun,
      records,
      trials: trialsOf(ofRun, records),
      session: undefined,
      files: filesOf([{ seq: 9, op: 'file', part: 'main', value: { name: 'x.png' }, bytes: new Uint8Array([1]) }]),
      findings: [],
    }
  }
  const runs = [
    opened('run_aaaaaaaaaaaaaaaa', [{ rt: 300, seq: 'mine', text: '=1' }]),
    opened('run_bbbbbbbbbbbbbbbb', [JSON.parse('{"rt":400,"__proto__":5,"-x":1}')]),
  ]
  const exported = {
    study: { studyId: 'std_aaaaaaaaaaaaaaaa', title: 'Flanker – Études', description: '' },
    runs,
    purpose: 'testing exports',
    at: new Date('2026-03-01T12:00:00Z'),
  }

  it('CSV has one row a trial and never mixes its columns with the study’s', () => {
    expect(trialsCsv(exported)).toBe(
      [
        "run_id,run_condition,run_version,part,seq,rt,data.seq,text,__proto__,'-x",
        "run_aaaaaaaaaaaaaaaa,left,2,main,1,300,mine,'=1,,",
        'run_bbbbbbbbbbbbbbbb,left,2,main,1,400,,,5,1',
        '',
      ].join('\r\n'),
    )
    expect(tableRows(runs)).toHaveLength(2)
    expect(trialsCsv({ runs: [] })).toBe('run_id,run_condition,run_version,part,seq\r\n')
  })

  it('JSON keeps values as recorded', () =>
    expect(JSON.parse(toJson(exported)).runs[0].trials[0].data).toEqual({ rt: 300, seq: 'mine', text: '=1' }))

  it('Psych-DS names its files by keywords and describes exactly the columns they have', () => {
    const files = unzipSync(toPsychDs(exported))
    const data = Object.keys(files).filter((f) => f.endsWith('.csv'))
    expect(data).toHaveLength(2)
    for (const name of data) expect(name).toMatch(/^data\/([a-z]+-[a-zA-Z0-9]+)(_[a-z]+-[a-zA-Z0-9]+)*_data\.csv$/)
    const description = JSON.parse(strFromU8(files['dataset_description.json']!))
    expect(description).toMatchObject({
      '@context': 'https://schema.org/',
      '@type': 'Dataset',
      name: 'Flanker – Études',
    })
    for (const field of ['name', 'description', 'schemaVersion', 'variableMeasured'])
      expect(description[field]).toBeTruthy()
    for (const name of data)
      expect(strFromU8(files[name]!).split('\r\n')[0]!.split(',')).toEqual(
        description.variableMeasured.map((v: { name: string }) => v.name),
      )
    expect(Object.keys(files)).toContain('data/raw/run-aaaaaaaaaaaaaaaa/00009-x.png')
  })
})
