/**
 * A release as a Five Safes RO-Crate (RO-Crate 1.2, https://w3id.org/5s-crate/0.4): who asked what of which data, the
 * sign-off before it ran, the run, the disclosure check, and the files that left. Packed as the profile asks: a BagIt
 * 1.0 bag with SHA-512 manifests, the crate in `data/`.
 */
import { canonical, hex } from '../hash.ts'
import { type Card, cardMarkdown, filterText, releasedCsv } from './release-card.ts'
import type { ReleasedOutput } from '../release/outputs.ts'

export interface CrateInput {
  card: Card
  outputs: readonly ReleasedOutput[]
  /** Plots that checkers released. */
  files?: readonly { name: string; type: string; bytes: Uint8Array }[]
  language: string
  person: { id: string; name: string }
  organisation: { id: string; name: string }
  /** The installation: its public address and version. */
  node: { origin: string; name: string; version: string }
  /** ISO 8601: when the code began and ended, and who approved it where the policy asks for it. */
  started: string
  ended: string
  approved?: { at: string; by: string }
}
interface Entity {
  '@id': string
  '@type': string | string[]
  [property: string]: unknown
}

const profile = 'https://w3id.org/5s-crate/0.4'
const completed = 'http://schema.org/CompletedActionStatus'
const languages: Record<string, { name: string; url: string; ending: string }> = {
  sql: { name: 'SQL (DuckDB)', url: 'https://duckdb.org/docs/stable/sql/introduction', ending: 'sql' },
  python: { name: 'Python', url: 'https://www.python.org/', ending: 'py' },
  r: { name: 'R', url: 'https://www.r-project.org/', ending: 'R' },
  notebook: { name: 'Jupyter notebook', url: 'https://jupyter.org/', ending: 'ipynb' },
}
const ref = (id: string): { '@id': string } => ({ '@id': id })
/** A name as a file's: letters, digits, dots and dashes; numbered, so that two names cannot meet. */
const fileName = (name: string, i: number, ending: string): string =>
  `outputs/${String(i + 1).padStart(3, '0')}-${
    name
      .normalize('NFKD')
      .replace(/[^A-Za-z0-9.-]+/g, '_')
      .replace(/^[._]+/, '')
      .slice(0, 60) || 'output'
  }.${ending}`

/** The crate's files below `data/`, without the metadata. */
function payload(i: CrateInput): { path: string; bytes: Uint8Array; type: string; name: string; result: boolean }[] {
  const text = new TextEncoder()
  const { ending } = languages[i.language] ?? { ending: 'txt' }
  return [
    {
      path: `workflow/main.${ending}`,
      bytes: text.encode(i.card.asked),
      type: i.language === 'notebook' ? 'application/x-ipynb+json' : 'text/plain',
      name: 'What was asked',
      result: false,
    },
    {
      path: 'release-card.json',
      bytes: text.encode(canonical(i.card)),
      type: 'application/json',
      name: 'Release card',
      result: false,
    },
    {
      path: 'release-card.md',
      bytes: text.encode(cardMarkdown(i.card)),
      type: 'text/markdown',
      name: 'Release card, for people',
      result: false,
    },
    {
      path: 'outputs/result.json',
      bytes: text.encode(canonical(i.outputs)),
      type: 'application/json',
      name: 'All outputs, as data',
      result: true,
    },
    ...i.outputs.map((o, n) => ({
      path: fileName(o.name, n, 'csv'),
      bytes: text.encode(releasedCsv(o)),
      type: 'text/csv',
      name: o.name,
      result: true,
    })),
    ...(i.files ?? []).map((f, n) => ({
      path: fileName(f.name.replace(/\.[^.]*$/, ''), i.outputs.length + n, f.name.split('.').at(-1) ?? 'bin'),
      bytes: f.bytes,
      type: f.type,
      name: f.name,
      result: true,
    })),
  ]
}

/** The metadata document. All actions are finished ones: a crate is made of a release only. */
export function crateMetadata(i: CrateInput): { '@context': string; '@graph': Entity[] } {
  const { card, node } = i
  const parts = payload(i)
  const language = languages[i.language] ?? { name: i.language, url: node.origin }
  const tre = `${node.origin}/`
  const person = `#person-${i.person.id}`
  const project = `#project-${i.organisation.id}`
  const dataset = `${node.origin}/datasets/${card.dataset.datasetId}`
  const run = `#run-${card.jobId}`
  const signOff = `#signoff-${card.jobId}`
  const disclosure = `#disclosure-${card.jobId}`
  const validation = `#validate-${card.jobId}`
  const gate = '#gate'
  const workflow = 'workflow/'
  const main = parts[0]!.path
  const results = parts.filter((p) => p.result).map((p) => ref(p.path))
  const assess = (id: string, term: string, name: string, more: Record<string, unknown>): Entity => ({
    '@id': id,
    '@type': 'AssessAction',
    additionalType: ref(`https://w3id.org/shp#${term}`),
    name,
    actionStatus: completed,
    ...more,
  })
  const byPeople = card.mode === 'review'
  return {
    '@context': 'https://w3id.org/ro/crate/1.2/context',
    '@graph': [
      {
        '@id': 'ro-crate-metadata.json',
        '@type': 'CreativeWork',
        about: ref('./'),
        conformsTo: ref('https://w3id.org/ro/crate/1.2'),
      },
      {
        '@id': './',
        '@type': 'Dataset',
        name: `Release of ${card.jobId}: ${card.dataset.title}`,
        description: `Checked aggregates of ${card.dataset.title}, version ${card.dataset.version}. ${card.guarantee}`,
        conformsTo: ref(profile),
        datePublished: card.released,
        publisher: ref(tre),
        license: ref('#conditions'),
        sourceOrganization: ref(project),
        mainEntity: ref(workflow),
        mentions: [run, signOff, validation, disclosure].map(ref),
        hasPart: [...parts.map((p) => ref(p.path)), ref(workflow), ref('outputs/')],
      },
      { '@id': profile, '@type': 'Profile', name: 'Five Safes RO-Crate profile' },
      {
        '@id': '#conditions',
        '@type': 'CreativeWork',
        name: 'Conditions of the release',
        description: 'Use for the stated purpose. Do not try to identify anybody.',
      },
      // Safe people, safe projects
      {
        '@id': person,
        '@type': 'Person',
        name: i.person.name,
        affiliation: ref(`#organisation-${i.organisation.id}`),
        memberOf: [ref(project)],
      },
      { '@id': `#organisation-${i.organisation.id}`, '@type': 'Organization', name: i.organisation.name },
      {
        '@id': project,
        '@type': 'Project',
        name: card.purpose || `Analysis of ${card.dataset.title}`,
        identifier: card.jobId,
        member: [ref(`#organisation-${i.organisation.id}`)],
      },
      // Safe settings
      { '@id': tre, '@type': 'Organization', name: node.name, url: node.origin },
      { '@id': gate, '@type': 'SoftwareApplication', name: 'Cloister', version: node.version, provider: ref(tre) },
      {
        '@id': '#image',
        '@type': 'SoftwareApplication',
        name: `What the code ran in (${card.confinement})`,
        identifier: card.hashes.image,
        version: card.hashes.image,
      },
      // Safe data
      {
        '@id': dataset,
        '@type': 'Dataset',
        name: card.dataset.title,
        identifier: card.dataset.name,
        version: String(card.dataset.version),
        sha256: card.dataset.hash,
        conditionsOfAccess: 'Code goes to the data; only checked aggregates leave.',
      },
      {
        '@id': '#cohort',
        '@type': 'PropertyValue',
        name: 'cohort',
        value: card.cohort.length ? card.cohort.map(filterText).join('; ') : 'everybody',
        description: `${card.subjects} people`,
      },
      {
        '@id': '#parameters',
        '@type': 'PropertyValue',
        name: 'SHA-256 of the parameters',
        value: card.hashes.parameters,
      },
      { '@id': workflow, '@type': 'Dataset', name: 'The analysis', hasPart: [ref(main)], mainEntity: ref(main) },
      { '@id': '#language', '@type': 'ComputerLanguage', name: language.name, url: language.url },
      {
        '@id': run,
        '@type': 'CreateAction',
        name: `Job ${card.jobId} on ${card.dataset.name}`,
        agent: ref(person),
        instrument: [ref(workflow), ref('#image')],
        object: [ref(dataset), ref('#cohort'), ref('#parameters')],
        result: results,
        startTime: i.started,
        endTime: i.ended,
        actionStatus: completed,
      },
      assess(
        signOff,
        'SignOff',
        i.approved ? `Approved by ${i.approved.by}` : 'The dataset’s policy allows it: approved',
        {
          object: [ref('./'), ref(workflow), ref(project)],
          instrument: ref('#policy'),
          agent: ref(i.approved ? tre : gate),
          endTime: i.approved?.at ?? i.started,
        },
      ),
      { '@id': '#policy', '@type': 'CreativeWork', name: `Policy of ${card.dataset.title}` },
      assess(validation, 'ValidationCheck', 'Written to the Five Safes RO-Crate profile: approved', {
        object: ref('./'),
        instrument: ref(profile),
        agent: ref(gate),
        endTime: card.released,
      }),
      // Safe outputs
      assess(
        disclosure,
        'DisclosureCheck',
        `Disclosure check by ${byPeople ? `${card.checkers ?? 2} output checkers` : card.mode === 'noise' ? 'differential privacy' : card.mode === 'twin' ? 'their origin: synthetic rows' : 'rules'}: approved`,
        {
          object: [ref('./'), ...results],
          agent: ref(byPeople ? '#checkers' : gate),
          endTime: card.released,
          description: card.guarantee,
          ...(card.suppressed.length
            ? { error: `Left out: ${card.suppressed.map((s) => `${s.rule} ${s.cells}`).join(', ')}` }
            : {}),
        },
      ),
      ...(byPeople
        ? [{ '@id': '#checkers', '@type': 'Organization', name: 'Output checkers', parentOrganization: ref(tre) }]
        : []),
      { '@id': 'outputs/', '@type': 'Dataset', name: 'What was released', hasPart: results },
      ...parts.map((p): Entity => ({
        '@id': p.path,
        '@type': p.path === main ? ['File', 'SoftwareSourceCode'] : 'File',
        name: p.name,
        encodingFormat: p.type,
        contentSize: String(p.bytes.length),
        ...(p.path === main ? { programmingLanguage: ref('#language'), sha256: card.hashes.code } : {}),
        ...(p.path === 'release-card.json' ? { about: ref('./') } : {}),
      })),
    ],
  }
}

/** Name and bytes of every file of the bag, below one folder called after the job: what goes into the ZIP. */
export async function crateFiles(i: CrateInput): Promise<{ path: string; bytes: Uint8Array }[]> {
  const text = new TextEncoder()
  const root = i.card.jobId
  const sum = async (bytes: Uint8Array): Promise<string> =>
    hex(new Uint8Array(await crypto.subtle.digest('SHA-512', bytes as Uint8Array<ArrayBuffer>)))
  const manifest = async (files: readonly { path: string; bytes: Uint8Array }[]): Promise<Uint8Array> =>
    text.encode((await Promise.all(files.map(async (f) => `${await sum(f.bytes)}  ${f.path}\n`))).join(''))
  const data = [
    { path: 'ro-crate-metadata.json', bytes: text.encode(`${JSON.stringify(crateMetadata(i), null, 2)}\n`) },
    ...payload(i),
  ].map((f) => ({ path: `data/${f.path}`, bytes: f.bytes }))
  const size = data.reduce((s, f) => s + f.bytes.length, 0)
  const tags = [
    { path: 'bagit.txt', bytes: text.encode('BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n') },
    {
      path: 'bag-info.txt',
      bytes: text.encode(
        `External-Identifier: ${i.node.origin}/jobs/${i.card.jobId}\nBagging-Date: ${i.card.released.slice(0, 10)}\nPayload-Oxum: ${size}.${data.length}\n`,
      ),
    },
    { path: 'manifest-sha512.txt', bytes: await manifest(data) },
  ]
  return [...tags, { path: 'tagmanifest-sha512.txt', bytes: await manifest(tags) }, ...data].map((f) => ({
    path: `${root}/${f.path}`,
    bytes: f.bytes,
  }))
}
