/** What stands when a history begins: two organisations with their people, a study that runs, a dataset that answers. */
import { studyRights } from '../domain/access/permissions.ts'
import { type DatasetPolicy, defaultDatasetPolicy } from '../domain/datasets/policy.ts'
import { opening } from '../domain/privacy/ledger.ts'
import {
  type BudgetItem,
  type DatasetItem,
  type DatasetVersionItem,
  indexKeyOf,
  keyOf,
  type LinkItem,
  type MemberItem,
  type OrganisationItem,
  type PersonProfile,
  type StudyItem,
  type StudyPersonItem,
  type VersionItem,
} from '../functions/kernel/items.ts'
import type { Role } from '../domain/access/permissions.ts'
import type { StoredData } from '../ports/engine.ts'
import type { Item } from '../ports/table.ts'
import { people, schema } from './memory-engine.ts'
import { kidOf } from './keys.ts'
import { ItemStore } from './store.ts'
import type { Beginning, StoredObject } from './world.ts'

const at = Date.parse('2026-03-02T09:00:00.000Z')
const created = new Date(at - 86_400_000).toISOString()
const id = (prefix: string, letter: string): string => `${prefix}_${letter.repeat(32)}`

/** Names of what there is, for those who act on it. */
export const places = {
  organisationId: id('org', 'a'),
  kid: kidOf(id('org', 'a')),
  otherOrganisationId: id('org', 'b'),
  studyId: id('std', 'a'),
  contentHash: 'c'.repeat(64),
  datasetId: id('dat', 'a'),
  /** Each analysis of it needs an approval. */
  guardedId: id('dat', 'b'),
  links: { general: 'generalaaaaaaaaaaaaa', single: 'singleaaaaaaaaaaaaaa', few: 'fewaaaaaaaaaaaaaaaaa' },
  /** Starts that the link `few` takes. */
  few: 2,
} as const

const roles: Record<string, Role[]> = {
  ada: ['admin', 'researcher'],
  rosa: ['researcher'],
  anil: ['analyst'],
  bela: ['analyst'],
  cleo: ['custodian'],
  chen: ['checker'],
  dora: ['checker'],
  dina: ['checker'],
}

function plantPeople(items: ItemStore, organisationId: string, members: Record<string, Role[]>): void {
  items.create(
    {
      ...keyOf.organisation(organisationId),
      organisationId,
      name: 'Lab',
      kid: kidOf(organisationId),
      created,
    } as Item<OrganisationItem>,
    0,
  )
  for (const [userId, held] of Object.entries(members)) {
    items.create(
      {
        ...keyOf.person(userId),
        userId,
        name: userId,
        email: `${userId}@lab.example`,
        seen: created,
      } as Item<PersonProfile>,
      0,
    )
    items.create(
      {
        ...keyOf.member(organisationId, userId),
        ...indexKeyOf.member.ofPerson({ userId, organisationId }),
        organisationId,
        organisation: 'Lab',
        userId,
        roles: held,
        since: created,
      } as Item<MemberItem>,
      0,
    )
  }
}

function plantStudy(items: ItemStore, objects: Map<string, StoredObject>): void {
  const { studyId, organisationId, contentHash } = places
  const study: StudyItem = {
    studyId,
    organisationId,
    title: 'Flanker',
    description: '',
    state: 'live',
    runtime: 'platform',
    redirectHosts: [],
    version: 1,
    created,
    changed: created,
  }
  items.create(
    { ...keyOf.study(studyId), gpk: `ORG#${organisationId}`, gsk: `STUDY#${created}#${studyId}`, ...study },
    0,
  )
  for (const userId of ['ada', 'rosa'])
    items.create(
      {
        ...keyOf.studyPerson(studyId, userId),
        ...indexKeyOf.studyPerson.ofPerson({ userId, studyId }),
        studyId,
        organisationId,
        userId,
        rights: [...studyRights],
        since: created,
      } as Item<StudyPersonItem>,
      0,
    )
  const version: VersionItem = {
    studyId,
    version: 1,
    contentHash,
    kind: 'web',
    note: '',
    published: created,
    publishedBy: 'ada',
    assets: 0,
    bytes: 0,
    conditions: [
      { name: 'one', weight: 1 },
      { name: 'two', weight: 1 },
    ],
  }
  items.create({ ...keyOf.version(studyId, 1), ...version }, 0)
  const document = new TextEncoder().encode(
    JSON.stringify({ configuration: { kind: 'web', entry: 'index.html', language: 'en' }, files: [] }),
  )
  objects.set(`assets s/${contentHash}/.cloister/version.json`, {
    bytes: document,
    size: document.length,
    type: 'application/json',
  })
  for (const [name, code] of Object.entries(places.links)) {
    const link: LinkItem = {
      code,
      studyId,
      organisationId,
      kind: name === 'single' ? 'single' : 'general',
      label: name,
      created,
      expires: new Date(at + 30 * 86_400_000).toISOString(),
      started: 0,
      revoked: false,
      ...(name === 'few' ? { quota: places.few } : {}),
    }
    items.create({ ...keyOf.link(code), ...indexKeyOf.link.ofStudy(link), ...link }, 0)
  }
}

function plantDataset(items: ItemStore, datasetId: string, name: string, approval: boolean): void {
  const { organisationId } = places
  const data = {
    schema,
    tables: [
      {
        name: 'subjects',
        parquet: { key: `datasets/${datasetId}/v1/subjects.parquet`, sha256: '0'.repeat(64), size: 1 },
        rows: people.length,
        subjects: people.length,
      },
    ],
    subjects: people.length,
  } as StoredData
  const policy: DatasetPolicy = { ...defaultDatasetPolicy, budget: { epsilon: 3, delta: 1e-6 }, approval }
  const dataset: DatasetItem = {
    datasetId,
    organisationId,
    name,
    title: 'A trial',
    description: '',
    state: 'published',
    version: 1,
    policy,
    created,
    changed: created,
  }
  items.create(
    { ...keyOf.dataset(datasetId), gpk: `ORG#${organisationId}`, gsk: `DATASET#${created}#${datasetId}`, ...dataset },
    0,
  )
  items.create({ ...keyOf.datasetName(organisationId, name), datasetId } as Item<object>, 0)
  const version: DatasetVersionItem = {
    datasetId,
    version: 1,
    data,
    files: [],
    hash: 'a'.repeat(64),
    outside: {},
    published: created,
    publishedBy: 'cleo',
    jobId: id('job', 'z'),
  }
  items.create({ ...keyOf.datasetVersion(datasetId, 1), ...version }, 0)
  const budget: BudgetItem = { datasetId, ...opening(policy.budget) }
  items.create({ ...keyOf.budget(datasetId), ...budget }, 0)
}

/** The same for every history. */
export function beginning(): Beginning {
  const items = new ItemStore()
  const objects = new Map<string, StoredObject>()
  plantPeople(items, places.organisationId, roles)
  plantPeople(items, places.otherOrganisationId, {
    eve: ['admin', 'researcher', 'analyst', 'custodian', 'checker', 'auditor'],
  })
  plantStudy(items, objects)
  plantDataset(items, places.datasetId, 'trial', false)
  plantDataset(items, places.guardedId, 'guarded', true)
  return { items, objects, at }
}
