/** Things of an organisation as the server describes them, to be shown by component tests. */
import type { Me, Study } from '../src/hooks.ts'
import type { Dataset } from '../src/queries/datasets.ts'
import type { Job, Quote } from '../src/queries/jobs.ts'

const organisationId = 'org_aaaaaaaaaaaaaaaa'
const at = '2026-03-01T10:00:00.000Z'
const hash = 'a'.repeat(64)

/** Somebody who may do everything in one organisation, and found others. */
export const exampleMe: Me = {
  userId: 'u1',
  name: 'Ada',
  email: 'ada@example.org',
  memberships: [
    { organisationId, organisation: 'The lab', roles: ['admin', 'researcher', 'analyst', 'checker'], since: at },
  ],
  mayCreateOrganisation: true,
  secondFactor: false,
  loginAt: at,
}

export const exampleStudy: Study = {
  studyId: 'std_aaaaaaaaaaaaaaaa',
  organisationId,
  title: 'Flanker',
  description: '',
  state: 'live',
  runtime: 'platform',
  redirectHosts: [],
  version: 1,
  created: at,
  changed: at,
  rev: 4,
  rights: ['edit'],
}

export const exampleDataset: Dataset = {
  datasetId: 'dat_aaaaaaaaaaaaaaaa',
  organisationId,
  name: 'trial',
  title: 'A trial',
  description: 'Two arms',
  state: 'published',
  version: 1,
  created: at,
  changed: at,
  rev: 3,
  schema: {
    tables: [
      {
        name: 'visits',
        file: 'visits.csv',
        oneRowPerSubject: true,
        columns: [
          { name: 'person', type: 'text', role: 'subject' },
          { name: 'arm', type: 'category', categories: ['drug', 'placebo'] },
          { name: 'score', type: 'number', minimum: 0, maximum: 100 },
        ],
      },
    ],
    images: [],
  },
  policy: {
    people: { kind: 'analysts' },
    languages: ['sql', 'python'],
    modes: ['rules', 'noise', 'review'],
    disclosure: {},
    budget: { epsilon: 10, delta: 1e-6 },
    approval: false,
    listed: false,
  },
  budget: { epsilon: 10, delta: 1e-6, left: 7, limitNanoRho: 1, spentNanoRho: 0, reservedNanoRho: 0 },
  mayAnalyse: true,
}

export const exampleQuote: Quote = {
  acceptable: true,
  advice: [],
  approval: 'not-needed',
  pin: hash,
  cost: { nanoRho: 0, epsilon: 0, delta: 0, left: 7, minutes: 0.05, dollars: 0 },
  rules: [],
  runs: 1,
}

export const exampleJob: Job = {
  jobId: 'job_aaaaaaaaaaaaaaaa',
  kind: 'query',
  title: 'People by arm',
  state: 'queued',
  datasetId: exampleDataset.datasetId,
  dataset: exampleDataset.title,
  datasetVersion: 1,
  organisationId,
  owner: { userId: 'u1', name: 'Ada' },
  purpose: '',
  cohort: [],
  created: at,
  steps: [],
  findings: [],
  pin: hash,
  hasResult: false,
  may: [],
}
