/**
 * The metadata document of a crate (RO-Crate 1.2, Five Safes profile 0.4): one entity for each of the five safes'
 * facts.
 */
import { type CrateInput, type CratePart, languageOf, payload } from './crate-payload.ts'
import { filterText } from './release-card.ts'

export interface Entity {
  '@id': string
  '@type': string | string[]
  [property: string]: unknown
}
interface Reference {
  '@id': string
}

const profile = 'https://w3id.org/5s-crate/0.4'
const completed = 'http://schema.org/CompletedActionStatus'
const ref = (id: string): Reference => ({ '@id': id })

/** Ids of what others refer to. */
const gate = '#gate'
const checkers = '#checkers'
const image = '#image'
const policy = '#policy'
const conditions = '#conditions'
const cohort = '#cohort'
const parameters = '#parameters'
const language = '#language'
const workflow = 'workflow/'
const outputs = 'outputs/'
const root = './'

interface Ids {
  /** The installation, a trusted research environment. */
  tre: string
  person: string
  organisation: string
  project: string
  dataset: string
  run: string
  signOff: string
  disclosure: string
  validation: string
  /** The file of what was asked. */
  main: string
  results: Reference[]
}
const idsOf = ({ card, node, person, organisation }: CrateInput, parts: readonly CratePart[]): Ids => ({
  tre: `${node.origin}/`,
  person: `#person-${person.id}`,
  organisation: `#organisation-${organisation.id}`,
  project: `#project-${organisation.id}`,
  dataset: `${node.origin}/datasets/${card.dataset.datasetId}`,
  run: `#run-${card.jobId}`,
  signOff: `#signoff-${card.jobId}`,
  disclosure: `#disclosure-${card.jobId}`,
  validation: `#validate-${card.jobId}`,
  main: parts[0]!.path,
  results: parts.filter((part) => part.result).map((part) => ref(part.path)),
})

/** The metadata document. All actions are finished ones: a crate is made of a release only. */
export function crateMetadata(input: CrateInput): { '@context': string; '@graph': Entity[] } {
  const parts = payload(input)
  const ids = idsOf(input, parts)
  return {
    '@context': 'https://w3id.org/ro/crate/1.2/context',
    '@graph': [
      ...crateItself(input, ids, parts),
      ...safePeopleAndProjects(input, ids),
      ...safeSettings(input, ids),
      ...safeData(input, ids),
      ...whatRan(input, ids),
      ...signOffs(input, ids),
      ...safeOutputs(input, ids),
      ...parts.map((part) => fileEntity(part, input, ids)),
    ],
  }
}

function crateItself({ card }: CrateInput, ids: Ids, parts: readonly CratePart[]): Entity[] {
  return [
    {
      '@id': 'ro-crate-metadata.json',
      '@type': 'CreativeWork',
      about: ref(root),
      conformsTo: ref('https://w3id.org/ro/crate/1.2'),
    },
    {
      '@id': root,
      '@type': 'Dataset',
      name: `Release of ${card.jobId}: ${card.dataset.title}`,
      description: `Checked aggregates of ${card.dataset.title}, version ${card.dataset.version}. ${card.guarantee}`,
      conformsTo: ref(profile),
      datePublished: card.released,
      publisher: ref(ids.tre),
      license: ref(conditions),
      sourceOrganization: ref(ids.project),
      mainEntity: ref(workflow),
      mentions: [ids.run, ids.signOff, ids.validation, ids.disclosure].map(ref),
      hasPart: [...parts.map((part) => ref(part.path)), ref(workflow), ref(outputs)],
    },
    { '@id': profile, '@type': 'Profile', name: 'Five Safes RO-Crate profile' },
    {
      '@id': conditions,
      '@type': 'CreativeWork',
      name: 'Conditions of the release',
      description: 'Use for the stated purpose. Do not try to identify anybody.',
    },
  ]
}

function safePeopleAndProjects({ card, person, organisation }: CrateInput, ids: Ids): Entity[] {
  return [
    {
      '@id': ids.person,
      '@type': 'Person',
      name: person.name,
      affiliation: ref(ids.organisation),
      memberOf: [ref(ids.project)],
    },
    { '@id': ids.organisation, '@type': 'Organization', name: organisation.name },
    {
      '@id': ids.project,
      '@type': 'Project',
      name: card.purpose || `Analysis of ${card.dataset.title}`,
      identifier: card.jobId,
      member: [ref(ids.organisation)],
    },
  ]
}

function safeSettings({ card, node }: CrateInput, ids: Ids): Entity[] {
  return [
    { '@id': ids.tre, '@type': 'Organization', name: node.name, url: node.origin },
    { '@id': gate, '@type': 'SoftwareApplication', name: 'Cloister', version: node.version, provider: ref(ids.tre) },
    {
      '@id': image,
      '@type': 'SoftwareApplication',
      name: `What the code ran in (${card.confinement})`,
      identifier: card.hashes.image,
      version: card.hashes.image,
    },
  ]
}

function safeData({ card }: CrateInput, ids: Ids): Entity[] {
  return [
    {
      '@id': ids.dataset,
      '@type': 'Dataset',
      name: card.dataset.title,
      identifier: card.dataset.name,
      version: String(card.dataset.version),
      sha256: card.dataset.hash,
      conditionsOfAccess: 'Code goes to the data; only checked aggregates leave.',
    },
    {
      '@id': cohort,
      '@type': 'PropertyValue',
      name: 'cohort',
      value: card.cohort.length > 0 ? card.cohort.map(filterText).join('; ') : 'everybody',
      description: `${card.subjects} people`,
    },
    {
      '@id': parameters,
      '@type': 'PropertyValue',
      name: 'SHA-256 of the parameters',
      value: card.hashes.parameters,
    },
  ]
}

function whatRan(input: CrateInput, ids: Ids): Entity[] {
  const { card, node, started, ended } = input
  const { name, url } = languageOf(input.language) ?? { name: input.language, url: node.origin }
  return [
    { '@id': workflow, '@type': 'Dataset', name: 'The analysis', hasPart: [ref(ids.main)], mainEntity: ref(ids.main) },
    { '@id': language, '@type': 'ComputerLanguage', name, url },
    {
      '@id': ids.run,
      '@type': 'CreateAction',
      name: `Job ${card.jobId} on ${card.dataset.name}`,
      agent: ref(ids.person),
      instrument: [ref(workflow), ref(image)],
      object: [ref(ids.dataset), ref(cohort), ref(parameters)],
      result: ids.results,
      startTime: started,
      endTime: ended,
      actionStatus: completed,
    },
  ]
}

/** An assessment that was passed, by a term of the profile. */
const assessment = (id: string, term: string, name: string, more: Record<string, unknown>): Entity => ({
  '@id': id,
  '@type': 'AssessAction',
  additionalType: ref(`https://w3id.org/shp#${term}`),
  name,
  actionStatus: completed,
  ...more,
})

function signOffs({ card, approved, started }: CrateInput, ids: Ids): Entity[] {
  const name = approved ? `Approved by ${approved.by}` : 'The dataset’s policy allows it: approved'
  return [
    assessment(ids.signOff, 'SignOff', name, {
      object: [ref(root), ref(workflow), ref(ids.project)],
      instrument: ref(policy),
      agent: ref(approved ? ids.tre : gate),
      endTime: approved?.at ?? started,
    }),
    { '@id': policy, '@type': 'CreativeWork', name: `Policy of ${card.dataset.title}` },
    assessment(ids.validation, 'ValidationCheck', 'Written to the Five Safes RO-Crate profile: approved', {
      object: ref(root),
      instrument: ref(profile),
      agent: ref(gate),
      endTime: card.released,
    }),
  ]
}

/** Who or what checked the outputs. */
function checkedBy({ card }: CrateInput): string {
  switch (card.mode) {
    case 'review':
      return `${card.checkers ?? 2} output checkers`
    case 'noise':
      return 'differential privacy'
    case 'twin':
      return 'their origin: synthetic rows'
    case 'rules':
      return 'rules'
  }
}

function safeOutputs(input: CrateInput, ids: Ids): Entity[] {
  const { card } = input
  const byPeople = card.mode === 'review'
  const leftOut = card.suppressed.map(({ rule, cells }) => `${rule} ${cells}`)
  const check = assessment(ids.disclosure, 'DisclosureCheck', `Disclosure check by ${checkedBy(input)}: approved`, {
    object: [ref(root), ...ids.results],
    agent: ref(byPeople ? checkers : gate),
    endTime: card.released,
    description: card.guarantee,
    error: leftOut.length > 0 ? `Left out: ${leftOut.join(', ')}` : undefined,
  })
  const people: Entity = {
    '@id': checkers,
    '@type': 'Organization',
    name: 'Output checkers',
    parentOrganization: ref(ids.tre),
  }
  const released: Entity = { '@id': outputs, '@type': 'Dataset', name: 'What was released', hasPart: ids.results }
  return byPeople ? [check, people, released] : [check, released]
}

function fileEntity({ path, name, type, bytes }: CratePart, { card }: CrateInput, ids: Ids): Entity {
  const isMain = path === ids.main
  return {
    '@id': path,
    '@type': isMain ? ['File', 'SoftwareSourceCode'] : 'File',
    name,
    encodingFormat: type,
    contentSize: String(bytes.length),
    programmingLanguage: isMain ? ref(language) : undefined,
    sha256: isMain ? card.hashes.code : undefined,
    about: path === 'release-card.json' ? ref(root) : undefined,
  }
}
