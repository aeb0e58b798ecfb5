import { describe, expect, it } from 'vitest'
import { ReleaseCard } from '../../contracts/jobs.ts'
import { defaultPolicy } from '../release/policy.ts'
import { canonical, hex, sha256Hex } from '../hash.ts'
import type { ReleasedOutput } from '../release/outputs.ts'
import { parseSelection, selectionOfCohort, selectionOfSet, selectionText } from '../sql/selection.ts'
import { pinOf } from './pin.ts'
import { planOf, quoteOf, rulesThatApply } from './quote.ts'
import { type CardInput, cardMarkdown, filterText, releaseCard, releasedCsv, subjectsShown } from './release-card.ts'
import { crateMetadata } from './crate-metadata.ts'
import type { CrateInput } from './crate-payload.ts'
import { crateFiles } from './ro-crate.ts'

const outputs: ReleasedOutput[] = [
  {
    name: 'by group',
    type: 'table',
    columns: [
      { name: 'group', kind: 'group' },
      { name: 'n', kind: 'count' },
      { name: 'mean', kind: 'value', unit: 'kg' },
    ],
    rows: [
      [{ value: 'A, "a"' }, { value: 40, precision: 5 }, { value: 26, precision: 0.5 }],
      [{ value: '=B' }, { value: null, suppressed: true }, { value: null, suppressed: true }],
    ],
  },
  { name: 'r', type: 'scalar', columns: [{ name: 'value', kind: 'value' }], rows: [[{ value: 0.4, precision: 0.1 }]] },
]
const input: CardInput = {
  jobId: 'job_abcdefghijklmnop',
  asked: 'out({"r": 1}) # ``` |',
  purpose: 'To see | whether it holds',
  dataset: {
    datasetId: 'dat_abcdefghijklmnop',
    name: 'clinical_trial_data',
    title: 'Clinical trial',
    version: 3,
    hash: 'a'.repeat(64),
  },
  cohort: [{ table: 'subjects', column: 'age', is: 'between', from: 50, to: 70 }],
  mode: 'rules',
  guarantee: 'Plain words.',
  cost: { nanoRho: 0, epsilon: 0, delta: 1e-6 },
  released: '2026-11-21T15:00:00.000Z',
  confinement: 'bubblewrap',
  code: 'out({"r": 1})',
  parameters: { k: 1 },
  image: 'sha256:1234',
  outputs,
  findings: [
    { output: 'by group', cell: '2/2', rule: 'minimum-subjects', outcome: 'suppress' },
    { output: 'by group', cell: '2/3', rule: 'minimum-subjects', outcome: 'suppress' },
    { output: 'r', rule: 'rounding', outcome: 'round' },
  ],
  cohortSubjects: 137,
  policy: defaultPolicy,
}
const crate = async (more: Partial<CrateInput> = {}): Promise<CrateInput> => ({
  card: await releaseCard(input),
  outputs,
  language: 'python',
  person: { id: 'usr_1', name: 'Anil' },
  organisation: { id: 'org_1', name: 'Demo' },
  node: { origin: 'https://node.example', name: 'Node', version: '0.1.0' },
  started: '2026-11-21T14:59:00.000Z',
  ended: '2026-11-21T14:59:30.000Z',
  ...more,
})

describe('the release card', () => {
  it('has the shape of the contract, and hashes what was asked and released', async () => {
    const card = await releaseCard(input)
    expect(ReleaseCard.safeParse(card).error).toBeUndefined()
    expect(card.hashes).toEqual({
      code: await sha256Hex(input.code),
      parameters: await sha256Hex('{"k":1}'),
      image: 'sha256:1234',
      result: await sha256Hex(canonical(outputs)),
    })
    expect(card.suppressed).toEqual([{ rule: 'minimum-subjects', cells: 2 }])
  })
  it('never says how many exactly', () => {
    expect(
      [9, 10, 14, 15, 137, 138, 1234, 987_654].map((n) => subjectsShown(n, { minimumSubjects: 10, roundTo: 1 })),
    ).toEqual([
      'fewer than 10',
      'about 10',
      'about 10',
      'about 20',
      'about 140',
      'about 140',
      'about 1200',
      'about 990000',
    ])
    expect(subjectsShown(137, { minimumSubjects: 10, roundTo: 50 })).toBe('about 150')
  })
  it('is a page that nothing in it can break', async () => {
    const page = cardMarkdown(await releaseCard(input))
    expect(page).toContain('````\nout({"r": 1}) # ``` |\n````')
    expect(page).toContain('To see \\| whether it holds')
    expect(page).toContain('subjects: age between 50 and 70 (about 140)')
    expect(page).toContain('2 × too few people')
    expect(page).not.toContain('137')
  })
  it('says filters in words', () =>
    expect(
      [
        { is: 'equal' as const, value: 'A' },
        { is: 'in' as const, values: ['A', 'B'] },
        { is: 'between' as const, to: 3 },
        { is: 'between' as const, from: 3 },
        { is: 'missing' as const },
      ].map((f) => filterText({ table: 't', column: 'c', ...f })),
    ).toEqual(['t: c is A', 't: c is one of A, B', 't: c at most 3', 't: c at least 3', 't: c is missing']))
})

it('a released table as CSV: suppressed cells are empty and named, steps are said, formulas are guarded', () => {
  expect(releasedCsv(outputs[0]!)).toBe(
    'group,n,mean [kg],not shown,rounded to\n"A, ""a""",40,26,"",n: 5; mean: 0.5\n\'=B,,,n; mean,""\n',
  )
  expect(releasedCsv(outputs[1]!)).toBe('value,rounded to\n0.4,value: 0.1\n')
})

it.each(['=', '+', '-', '@', '\t', '\r'])(
  'a released text that begins with %j is guarded, as a cell and as a name',
  (first) => {
    const table: ReleasedOutput = {
      name: 'words',
      type: 'table',
      columns: [{ name: `${first}name`, kind: 'group' }],
      rows: [[{ value: `${first}x` }], [{ value: `x${first}` }]],
    }
    const quoted = (text: string): string => (first === '\r' ? `"${text}"` : text)
    expect(releasedCsv(table)).toBe(
      [`'${first}name`, `'${first}x`, `x${first}`].map((text) => `${quoted(text)}\n`).join(''),
    )
  },
)
it('numbers and texts within are not', () => {
  const numbers: ReleasedOutput = { ...outputs[1]!, rows: [[{ value: -1 }], [{ value: ' =x' }], [{ value: '\n=x' }]] }
  expect(releasedCsv(numbers)).toBe('value\n-1\n =x\n"\n=x"\n')
})

// What is hashed has to stay as it is, byte for byte: a member that is not there and one that is undefined are
// the same.
describe('hashes that are kept', () => {
  const without = { ...input, checkers: undefined }
  it('of a card and its bag', async () => {
    const card = await releaseCard(without)
    expect(await sha256Hex(canonical(card))).toBe('d874fe5ab9da63b560a90a8b180f6ed938238b7a2842812185538d975f41599d')
    const files = await crateFiles(await crate({ card, approved: undefined, files: undefined }))
    const sums = await Promise.all(files.map(async ({ path, bytes }) => `${await sha256Hex(bytes)} ${path}`))
    expect(await sha256Hex(sums.join('\n'))).toBe('50267781bd49d64d53d59825ab289daf80b8e3f42490e97f008a2df445bc2ba4')
  })
  it('of a card of a review and its bag', async () => {
    const card = await releaseCard({ ...input, mode: 'review', checkers: 2 })
    const files = await crateFiles(await crate({ card, approved: { at: '2026-11-20T10:00:00.000Z', by: 'Bea' } }))
    const sums = await Promise.all(files.map(async ({ path, bytes }) => `${await sha256Hex(bytes)} ${path}`))
    expect(await sha256Hex(sums.join('\n'))).toBe('1c8b7d20029f1d67ea2453147349b0ffc3410ca5068eecc0268ec86a476dcc9d')
  })
  it('of outputs as the gate makes them, with or without a step', async () =>
    expect(
      await sha256Hex(canonical([[{ value: 1, precision: undefined }], [{ value: 1, suppressed: undefined }]])),
    ).toBe(await sha256Hex('[[{"value":1}],[{"value":1}]]')))
  it('of a pin', async () => {
    const pinned = {
      language: 'sql',
      code: 'SELECT count(*) FROM people',
      parameters: {},
      cohort: [],
      mode: 'rules',
      image: 'sha256:1234',
      dataset: 'dat_a',
      version: 3,
    }
    expect(await pinOf(pinned)).toBe('274afca0aa8c105e666617911810a34038890073c306a02837ef37858f0759ab')
    expect(await pinOf({ ...pinned, epsilon: undefined, hash: undefined, declared: [] })).toBe(
      '274afca0aa8c105e666617911810a34038890073c306a02837ef37858f0759ab',
    )
  })
  it('of selections', () => {
    const row = { cohort: [], sql: 'SELECT 1', keys: ['a', null], rolledUp: [1] }
    expect(selectionText(row)).toBe('{"cohort":[],"keys":["a",null],"rolledUp":[1],"sql":"SELECT 1"}')
    expect(selectionOfSet(selectionText(row), 2)).toBe(
      '{"cohort":[],"keys":["a",null],"rolledUp":[1],"set":2,"sql":"SELECT 1"}',
    )
    expect(selectionText(parseSelection(selectionOfCohort([])))).toBe('{"cohort":[]}')
    expect(selectionText(parseSelection('{"cohort":[],"sql":5,"set":"x","keys":1,"more":true}'))).toBe('{"cohort":[]}')
  })
})

describe('the RO-Crate', () => {
  it('every reference leads somewhere, every part is listed, the five safes are there', async () => {
    const graph = crateMetadata(
      await crate({ files: [{ name: 'plot.png', type: 'image/png', bytes: Uint8Array.of(1, 2) }] }),
    )['@graph']
    const ids = graph.map((e) => e['@id'])
    expect(new Set(ids).size).toBe(ids.length)
    const references = (value: unknown): string[] => {
      if (Array.isArray(value)) return value.flatMap(references)
      if (typeof value !== 'object' || value === null) return []
      const isReference = '@id' in value && Object.keys(value).length === 1
      return isReference ? [String(value['@id'])] : Object.values(value).flatMap(references)
    }
    for (const entity of graph)
      for (const [, value] of Object.entries(entity).filter(([k]) => k !== '@id' && k !== 'additionalType'))
        for (const reference of references(value).filter((x) => x !== 'https://w3id.org/ro/crate/1.2'))
          expect(ids).toContain(reference)
    const root = graph.find((e) => e['@id'] === './')!
    expect(root).toMatchObject({ conformsTo: { '@id': 'https://w3id.org/5s-crate/0.4' }, '@type': 'Dataset' })
    expect(graph[0]).toMatchObject({
      '@id': 'ro-crate-metadata.json',
      conformsTo: { '@id': 'https://w3id.org/ro/crate/1.2' },
    })
    const actions = graph.filter((e) => String(e['@type']).endsWith('Action'))
    expect(actions.map((a) => (a['additionalType'] as { '@id'?: string } | undefined)?.['@id'] ?? a['@type'])).toEqual([
      'CreateAction',
      'https://w3id.org/shp#SignOff',
      'https://w3id.org/shp#ValidationCheck',
      'https://w3id.org/shp#DisclosureCheck',
    ])
    for (const action of actions)
      expect((root['mentions'] as { '@id': string }[]).map((m) => m['@id'])).toContain(action['@id'])
    const run = actions[0]!
    expect((run['result'] as unknown[]).length).toBe(4)
    for (const result of run['result'] as { '@id': string }[])
      expect(graph.find((e) => e['@id'] === 'outputs/')!['hasPart']).toContainEqual(result)
    expect(JSON.stringify(graph)).not.toContain('137')
  })
  it('is a bag whose manifests hold', async () => {
    const files = await crateFiles(await crate())
    const text = (path: string): string =>
      new TextDecoder().decode(files.find((f) => f.path === `job_abcdefghijklmnop/${path}`)!.bytes)
    expect(text('bagit.txt')).toContain('BagIt-Version: 1.0')
    for (const name of ['manifest-sha512.txt', 'tagmanifest-sha512.txt'])
      for (const line of text(name).trim().split('\n')) {
        const [sum, path] = line.split('  ')
        const bytes = files.find((f) => f.path === `job_abcdefghijklmnop/${path!}`)!.bytes
        expect(hex(new Uint8Array(await crypto.subtle.digest('SHA-512', bytes as Uint8Array<ArrayBuffer>)))).toBe(sum)
      }
    expect(text('manifest-sha512.txt').trim().split('\n')).toHaveLength(files.length - 4)
    expect(JSON.parse(text('data/outputs/result.json'))).toEqual(outputs)
    expect(files.map((f) => f.path).every((p) => /^[\w./-]+$/.test(p) && !p.includes('..'))).toBe(true)
  })
  it('names of outputs cannot leave the folder or meet', async () => {
    const hostile = ['../../etc/passwd', '..', '', 'a/b', 'a:b'].map((name): ReleasedOutput => ({
      ...outputs[1]!,
      name,
    }))
    const paths = (await crateFiles(await crate({ outputs: hostile }))).map((f) => f.path)
    expect(new Set(paths).size).toBe(paths.length)
    expect(paths.some((p) => p.split('/').includes('..'))).toBe(false)
  })
})

describe('the pin', () => {
  const base = {
    code: 'a',
    parameters: { b: 1, a: 2 },
    cohort: [],
    language: 'python',
    mode: 'rules',
    image: 'i',
    dataset: 'd',
    version: 1,
  }
  it('is the same for the same analysis, whatever the order of members', async () =>
    expect(await pinOf({ ...base, parameters: { a: 2, b: 1 }, declared: [] })).toBe(await pinOf(base)))
  it('changes with everything that decides what runs', async () => {
    const pins = await Promise.all(
      [
        base,
        { ...base, code: 'b' },
        { ...base, parameters: {} },
        { ...base, cohort: [{ table: 't', column: 'c', is: 'known' as const }] },
        { ...base, language: 'r' },
        { ...base, mode: 'noise' },
        { ...base, epsilon: 1 },
        { ...base, declared: [{ name: 'x', low: 0, high: 1 }] },
        { ...base, image: 'j' },
        { ...base, dataset: 'e' },
        { ...base, version: 2 },
      ].map(pinOf),
    )
    expect(new Set(pins).size).toBe(pins.length)
    for (const pin of pins) expect(pin).toMatch(/^[0-9a-f]{64}$/)
  })
})

describe('the quote', () => {
  const question = {
    language: 'python' as const,
    mode: 'rules' as const,
    policy: defaultPolicy,
    charge: 0n,
    available: 1_000_000_000n,
    delta: 1e-6,
  }
  it('says how often the code runs, and costs cents', () => {
    expect([
      quoteOf(question).runs,
      quoteOf({ ...question, mode: 'review' }).runs,
      quoteOf({ ...question, mode: 'noise', epsilon: 1, declared: [1] }).runs,
      quoteOf({ ...question, language: 'sql' }).runs,
    ]).toEqual([9, 1, 100, 1])
    const { cost } = quoteOf(question)
    expect(cost.nanoRho).toBe(0)
    expect(cost.dollars).toBeGreaterThan(0)
    expect(cost.dollars).toBeLessThan(0.05)
    expect(quoteOf({ ...question, language: 'sql' }).cost.minutes).toBeLessThan(0.2)
  })
  it('says what remains of the budget, and nothing when it is not covered', () => {
    const { cost } = quoteOf({ ...question, mode: 'noise', epsilon: 1, declared: [1], charge: 125_000_000n })
    expect(cost.left).toBeGreaterThan(0)
    expect(cost.left).toBeLessThan(quoteOf(question).cost.left)
    expect(quoteOf({ ...question, charge: 2_000_000_000n }).cost.left).toBe(0)
  })
  it('plans what the mode asks for', () => {
    expect(planOf({ mode: 'review' }, 300)).toEqual({ kind: 'whole' })
    expect(planOf({ mode: 'rules' }, 300)).toEqual({ kind: 'leave-out', blocks: 8 })
    expect(planOf({ mode: 'noise', epsilon: 1, declared: [1] }, 300)).toEqual({
      kind: 'blocks',
      blocks: 100,
      slotSeconds: 3,
    })
    expect(planOf({ mode: 'noise', epsilon: 0.1, declared: [1] }, 300)).toBeUndefined()
  })
  it('says rules with their thresholds', () => {
    const text = rulesThatApply('sql', 'rules', { ...defaultPolicy, minimumSubjects: 12, roundTo: 5, redactUpTo: 7 })
      .map((r) => r.text)
      .join(' ')
    for (const phrase of ['at least 12 people', 'multiples of 5', '7 or less', '90 %', '10 %', '1 to 11 people'])
      expect(text).toContain(phrase)
    for (const language of ['sql', 'python'] as const)
      for (const mode of ['rules', 'noise', 'review'] as const)
        expect(rulesThatApply(language, mode, defaultPolicy).length).toBeGreaterThan(1)
  })
})
