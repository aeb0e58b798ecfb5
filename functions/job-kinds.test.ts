/** The table of kinds is whole, and nothing in the rooms that all kinds share knows one by name. */
import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'
import { describe, expect, it } from 'vitest'
import { jobKinds } from '../domain/jobs/life.ts'
import { kindFacts } from './job-kind-facts.ts'
import { kinds } from './job-kinds.ts'
import { indexKeyOf } from './kernel/items.ts'
import type { JobKindSteps } from './workflow/job-kind.ts'
import { livePointer, ownerPointer } from './workflow/pointers.ts'

const members = {
  prepare: 'function',
  check: 'function',
  afterEnd: 'function',
  mayStart: 'function',
  afterVisit: 'function',
  concludeHeld: 'function',
  chargeStands: 'function',
  endEvents: 'function',
  mayRestart: 'boolean',
  mostAttempts: 'number',
  hasContainer: 'boolean',
  lateWriteSeconds: 'number',
  unsettled: 'function',
  lastWordSeconds: 'number',
  livePlace: 'string',
  heldPlace: 'string',
  ownerPlace: 'string',
  hasQuestion: 'boolean',
  hasResult: 'boolean',
} satisfies Record<keyof JobKindSteps, string>

describe('the table of kinds', () => {
  it.each(jobKinds)('has every member for %s', (name) => {
    const kind = kinds[name]
    expect(Object.fromEntries(Object.entries(kind).map(([member, value]) => [member, typeof value]))).toEqual(members)
  })

  it.each(jobKinds)('has the facts of %s in the table without steps', (name) =>
    expect(kinds[name]).toMatchObject(kindFacts[name]),
  )

  it('keeps the keys by which items of live jobs were written before there was a table', () => {
    const { jobLive, jobOwner } = indexKeyOf
    const prefixes = Object.fromEntries(
      jobKinds.map((name) => {
        const { livePlace, heldPlace, ownerPlace } = kinds[name]
        return [name, [jobLive[livePlace].prefix(), jobLive[heldPlace].prefix(), jobOwner[ownerPlace].prefix()]]
      }),
    )
    expect(prefixes).toEqual({
      query: ['', '', 'JOB#'],
      script: ['', '', 'JOB#'],
      registration: ['', '', 'JOB#'],
      synthesis: ['', '', 'JOB#'],
      pipeline: ['run:', 'held:', 'RUN#'],
    })
  })

  it.each(jobKinds)('puts the pointers of %s where they stood before there was a table', (name) => {
    const job = { kind: name, userId: 'u', created: '2026-01-01T00:00:00.000Z', jobId: 'job_a' }
    const place = name === 'pipeline' ? ['run:', 'RUN'] : ['', 'JOB']
    expect(livePointer({ kinds }, job)).toMatchObject({
      gpk: 'JOB#LIVE',
      gsk: `${place[0]}u#2026-01-01T00:00:00.000Z#job_a`,
    })
    expect(ownerPointer({ kinds }, job)).toMatchObject({
      gpk: 'USER#u',
      gsk: `${place[1]}#2026-01-01T00:00:00.000Z#job_a`,
    })
  })
})

/** Names of kinds in a text: as a string, as a member, or the facts that only a pipeline run has (`job.run`). */
function kindsNamed(file: string, text: string): string[] {
  const found: string[] = []
  const kindNames = new Set<string>(jobKinds)
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true)
  const visit = (node: ts.Node): void => {
    if (ts.isStringLiteralLike(node) && kindNames.has(node.text)) found.push(`${file}: '${node.text}'`)
    if (ts.isPropertyAccessExpression(node)) {
      const [of, member] = [node.expression.getText(source), node.name.text]
      if (/\bkinds$/.test(of) && kindNames.has(member)) found.push(`${file}: ${of}.${member}`)
      if (/\b(job|found|now|over)$/.test(of) && member === 'run') found.push(`${file}: ${of}.${member}`)
    }
    ts.forEachChild(node, visit)
  }
  visit(source)
  return found
}

/** Tests, and what they share, make jobs of a kind. */
const isForTests = /\.test\.ts$|^testing\.ts$/
const shared = ['workflow', 'release'].flatMap((room) => {
  const folder = fileURLToPath(new URL(room, import.meta.url))
  return readdirSync(folder)
    .filter((file) => file.endsWith('.ts') && !isForTests.test(file))
    .map((file) => [`${room}/${file}`, readFileSync(`${folder}/${file}`, 'utf8')] as const)
})

describe('what all kinds share', () => {
  it('is there to be looked at', () => expect(shared.length).toBeGreaterThan(15))

  it.each(shared)('%s names no kind', (file, text) => expect(kindsNamed(file, text)).toEqual([]))

  it('would be caught if it did', () => {
    expect(kindsNamed('a.ts', "if (job.kind === 'pipeline') stop()")).toHaveLength(1)
    expect(kindsNamed('a.ts', 'type Long = `synthesis`')).toHaveLength(1)
    expect(kindsNamed('a.ts', 'if (deps.kinds.script) stop()')).toHaveLength(1)
    expect(kindsNamed('a.ts', 'return job.run ? 1 : 2')).toHaveLength(1)
    expect(kindsNamed('a.ts', "objectOf.query('x') // a query")).toHaveLength(0)
  })
})
