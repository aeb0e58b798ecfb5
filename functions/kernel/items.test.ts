/** Keys are stored: an installation that changed one would no longer find what it has. */
import { describe, expect, it } from 'vitest'
import { indexKeyOf, keyOf } from './items.ts'

const at = '2026-03-02T09:00:00.000Z'
const placed = { created: at, at, started: at, expires: at }
const all = {
  ...placed,
  userId: 'U',
  organisationId: 'O',
  studyId: 'S',
  datasetId: 'D',
  jobId: 'J',
  code: 'L',
  runId: 'R',
  experimentId: 'E',
  pipelineId: 'P',
  synthesisId: 'Y',
  emailHash: 'H',
}

const keys: Record<keyof typeof keyOf, [made: { pk: string; sk: string }, pk: string, sk: string]> = {
  person: [keyOf.person('U'), 'USER#U', 'PROFILE'],
  loginFailures: [keyOf.loginFailures('U'), 'USER#U', 'LOGIN-FAILURES'],
  organisation: [keyOf.organisation('O'), 'ORG#O', 'ORG'],
  roleChange: [keyOf.roleChange('O'), 'ORG#O', 'PEOPLE'],
  member: [keyOf.member('O', 'U'), 'ORG#O', 'MEMBER#U'],
  groupRule: [keyOf.groupRule('O', 'R'), 'ORG#O', 'GROUP-RULE#R'],
  invitation: [keyOf.invitation('I'), 'INVITE#I', 'INVITE'],
  intent: [keyOf.intent('D'), 'INTENT#D', 'INTENT'],
  token: [keyOf.token('T'), 'TOKEN#T', 'TOKEN'],
  health: [keyOf.health(), 'HEALTH#store', 'HEALTH'],
  deviceStarts: [keyOf.deviceStarts('7', 'all'), 'DEVICE#starts#7#all', 'STARTS'],
  device: [keyOf.device('BCDF-GHJK'), 'DEVICE#BCDF-GHJK', 'DEVICE'],
  study: [keyOf.study('S'), 'STUDY#S', 'STUDY'],
  studyPerson: [keyOf.studyPerson('S', 'U'), 'STUDY#S', 'PERSON#U'],
  version: [keyOf.version('S', 7), 'STUDY#S', 'VERSION#000007'],
  assignment: [keyOf.assignment('S', 1234567), 'STUDY#S', 'ASSIGN#1234567'],
  studyUploads: [keyOf.studyUploads('O'), 'STUDY#assets#O', 'UPLOADS'],
  studyRest: [keyOf.studyRest('S'), 'STUDY#S', 'REST'],
  link: [keyOf.link('L'), 'LINK#L', 'LINK'],
  run: [keyOf.run('R'), 'RUN#R', 'RUN'],
  chunk: [keyOf.chunk('R', 42), 'RUN#R', 'C#0000000042'],
  runObjects: [keyOf.runObjects('R'), 'RUN#R', 'OBJECTS'],
  due: [keyOf.due('R'), 'RUN#R', 'DUE'],
  sweepVisit: [keyOf.sweepVisit(), 'RUN#sweep', 'VISIT'],
  dataset: [keyOf.dataset('D'), 'DATASET#D', 'DATASET'],
  datasetName: [keyOf.datasetName('O', 'trial'), 'DATASET#name#O#trial', 'NAME'],
  datasetVersion: [keyOf.datasetVersion('D', 12), 'DATASET#D', 'VERSION#000012'],
  datasetListed: [keyOf.datasetListed('D'), 'DATASET#D', 'LISTED'],
  datasetUploads: [keyOf.datasetUploads('D'), 'DATASET#D', 'UPLOADS'],
  budget: [keyOf.budget('D'), 'DATASET#D', 'BUDGET'],
  charge: [keyOf.charge('D', at, 'J', 'reserved'), 'DATASET#D', `CHARGE#${at}#J#reserved`],
  approval: [keyOf.approval('D', 'pin'), 'DATASET#D', 'APPROVAL#pin'],
  released: [keyOf.released('D', 'U', 'J'), 'DATASET#D', 'RELEASED#U#J'],
  releasedPart: [keyOf.releasedPart('D', 'U', 'J', 2), 'DATASET#D', 'RELEASED#U#J#0002'],
  job: [keyOf.job('J'), 'JOB#J', 'JOB'],
  jobOwner: [keyOf.jobOwner('J'), 'JOB#J', 'OWNER'],
  jobDataset: [keyOf.jobDataset('J'), 'JOB#J', 'DATASET'],
  jobLive: [keyOf.jobLive('J'), 'JOB#J', 'LIVE'],
  jobHeld: [keyOf.jobHeld('J'), 'JOB#J', 'HELD'],
  vote: [keyOf.vote('J', 'U'), 'JOB#J', 'VOTE#U'],
  pipeline: [keyOf.pipeline('P'), 'PIPELINE#P', 'PIPELINE'],
  pipelineVersion: [keyOf.pipelineVersion('P', 3), 'PIPELINE#P', 'VERSION#000003'],
  experiment: [keyOf.experiment('E'), 'EXPERIMENT#E', 'EXPERIMENT'],
  jobPlaces: [keyOf.jobPlaces('U', 'runs'), 'JOB#places#U', 'runs'],
  pipelineUploads: [keyOf.pipelineUploads('P'), 'PIPELINE#P', 'UPLOADS'],
  experimentUploads: [keyOf.experimentUploads('E'), 'EXPERIMENT#E', 'UPLOADS'],
  runQueue: [keyOf.runQueue(), 'JOB#queue', 'QUEUE'],
  synthesis: [keyOf.synthesis('Y'), 'SYN#Y', 'SYNTHESIS'],
  synthesisDue: [keyOf.synthesisDue('Y'), 'SYN#Y', 'DUE'],
  auditEvent: [keyOf.auditEvent('O', 77), 'AUDIT#O', '000000000077'],
  auditWaiting: [keyOf.auditWaiting('O', 'E'), 'AUDIT#waiting#O', 'E'],
}

const places: [name: string, made: { gpk: string; gsk: string }, gpk: string, gsk: string][] = [
  ['person.byEmail', indexKeyOf.person.byEmail(all), 'USER#email#H', 'PROFILE#U'],
  ['member.ofPerson', indexKeyOf.member.ofPerson(all), 'USER#U', 'ORG#O'],
  ['groupRule.ofInstallation', indexKeyOf.groupRule.ofInstallation({ ...all, ruleId: 'G' }), 'ORG#group-rules', 'O#G'],
  ['invitation.ofOrganisation', indexKeyOf.invitation.ofOrganisation(all), 'ORG#O', `INVITE#${at}`],
  ['token.ofPerson', indexKeyOf.token.ofPerson(all), 'USER#U', `TOKEN#${at}`],
  ['study.ofOrganisation', indexKeyOf.study.ofOrganisation(all), 'ORG#O', `STUDY#${at}#S`],
  ['studyPerson.ofPerson', indexKeyOf.studyPerson.ofPerson(all), 'USER#U', 'STUDY#S'],
  ['link.ofStudy', indexKeyOf.link.ofStudy(all), 'STUDY#S', `LINK#${at}#L`],
  ['run.ofStudy', indexKeyOf.run.ofStudy(all), 'STUDY#S', `RUN#${at}#R`],
  ['studyUploads.byTime', indexKeyOf.studyUploads.byTime(all), 'STUDY#UPLOADS', `${at}#O`],
  ['studyRest.byTime', indexKeyOf.studyRest.byTime(all), 'STUDY#REST', `${at}#S`],
  ['datasetUploads.byTime', indexKeyOf.datasetUploads.byTime(all), 'DATASET#UPLOADS', `${at}#D`],
  ['pipelineUploads.byTime', indexKeyOf.pipelineUploads.byTime(all), 'PIPELINE#UPLOADS', `${at}#P`],
  ['experimentUploads.byTime', indexKeyOf.experimentUploads.byTime(all), 'EXPERIMENT#UPLOADS', `${at}#E`],
  ['due.byTime', indexKeyOf.due.byTime(all), 'RUN#DUE', `${at}#R`],
  ['dataset.ofOrganisation', indexKeyOf.dataset.ofOrganisation(all), 'ORG#O', `DATASET#${at}#D`],
  ['dataset.uploaded', indexKeyOf.dataset.uploaded(all), 'ORG#O', `UPLOAD#${at}#D`],
  ['datasetListed.byTime', indexKeyOf.datasetListed.byTime(all), 'DATASET#LISTED', `${at}#D`],
  ['job.ofDataset', indexKeyOf.job.ofDataset(all), 'DATASET#D', `JOB#${at}#J`],
  ['job.ofExperiment', indexKeyOf.job.ofExperiment(all), 'EXPERIMENT#E', `RUN#${at}#J`],
  ['jobOwner.asked', indexKeyOf.jobOwner.asked(all), 'USER#U', `JOB#${at}#J`],
  ['jobOwner.pipelineRun', indexKeyOf.jobOwner.pipelineRun(all), 'USER#U', `RUN#${at}#J`],
  ['jobDataset.ofDataset', indexKeyOf.jobDataset.ofDataset(all), 'DATASET#D', `JOB#${at}#J`],
  ['jobLive.asked', indexKeyOf.jobLive.asked(all), 'JOB#LIVE', `U#${at}#J`],
  ['jobLive.pipelineRun', indexKeyOf.jobLive.pipelineRun(all), 'JOB#LIVE', `run:U#${at}#J`],
  ['jobLive.heldRun', indexKeyOf.jobLive.heldRun(all), 'JOB#LIVE', `held:U#${at}#J`],
  ['jobLive.over', indexKeyOf.jobLive.over(all), 'JOB#LIVE', `~over#${at}#J`],
  ['jobHeld.ofOrganisation', indexKeyOf.jobHeld.ofOrganisation({ ...all, waiting: 1 }), 'ORG#O', `HELD#1#${at}#J`],
  ['pipeline.ofOrganisation', indexKeyOf.pipeline.ofOrganisation(all), 'ORG#O', `PIPELINE#${at}#P`],
  ['experiment.ofOrganisation', indexKeyOf.experiment.ofOrganisation(all), 'ORG#O', `EXPERIMENT#${at}#E`],
  ['synthesis.ofOrganisation', indexKeyOf.synthesis.ofOrganisation(all), 'ORG#O', `SYNTHESIS#${at}#Y`],
  ['synthesisDue.byDay', indexKeyOf.synthesisDue.byDay(all), 'SYN#DUE', `${at}#Y`],
]

describe('keys', () => {
  it.each(Object.entries(keys))('%s', (_, [made, pk, sk]) => expect(made).toEqual({ pk, sk }))
})

describe('places in the index', () => {
  it.each(places)('%s', (_, made, gpk, gsk) => expect(made).toEqual({ gpk, gsk }))
  it('are pinned here, every one', () =>
    expect(places.map(([name]) => name).sort()).toEqual(
      Object.entries(indexKeyOf)
        .flatMap(([name, functions]) => Object.keys(functions).map((place) => `${name}.${place}`))
        .sort(),
    ))
})

describe('partitions and prefixes, for queries', () => {
  it('answer the partition key alone', () => {
    expect(keyOf.member.partition('O')).toBe('ORG#O')
    expect(keyOf.runQueue.partition()).toBe('JOB#queue')
    expect(indexKeyOf.jobLive.over.partition()).toBe('JOB#LIVE')
    expect(indexKeyOf.study.ofOrganisation.partition('O')).toBe('ORG#O')
  })
  it('answer what sort keys begin with, as far as fields are given', () => {
    expect(keyOf.member.prefix()).toBe('MEMBER#')
    expect(keyOf.chunk.prefix()).toBe('C#')
    expect(keyOf.released.prefix({ userId: 'U' })).toBe('RELEASED#U#')
    expect(keyOf.auditEvent.prefix()).toBe('')
    expect(indexKeyOf.jobLive.asked.prefix({ userId: 'U' })).toBe('U#')
    expect(indexKeyOf.jobLive.pipelineRun.prefix()).toBe('run:')
    expect(indexKeyOf.jobHeld.ofOrganisation.prefix()).toBe('HELD#')
    expect(indexKeyOf.jobHeld.ofOrganisation.prefix({ waiting: 0 })).toBe('HELD#0#')
  })
})

describe('reading a key back', () => {
  it('gives its fields, numbers as numbers', () => {
    expect(keyOf.version.read(keyOf.version('S', 7))).toEqual({ studyId: 'S', version: 7 })
    expect(keyOf.assignment.read(keyOf.assignment('S', 1234567))).toEqual({ studyId: 'S', version: 1234567 })
    expect(indexKeyOf.jobHeld.ofOrganisation.read(`HELD#1#${at}#J`)).toEqual({ waiting: 1, at, jobId: 'J' })
    expect(indexKeyOf.jobLive.pipelineRun.read(`run:U#${at}#J`)).toEqual({ userId: 'U', created: at, jobId: 'J' })
  })
  it('tells another entity’s key from its own', () => {
    expect(keyOf.study.read(keyOf.version('S', 7))).toBeUndefined()
    expect(keyOf.released.read(keyOf.releasedPart('D', 'U', 'J', 2))).toBeUndefined()
    expect(indexKeyOf.jobLive.pipelineRun.read(`held:U#${at}#J`)).toBeUndefined()
  })
})

it('a key with a field missing is not made', () => {
  // A caller without types, or with a field that its item does not have.
  const member = keyOf.member as (...values: unknown[]) => unknown
  expect(() => member('O')).toThrow('A key needs userId')
  expect(() => indexKeyOf.job.ofExperiment({ ...all, experimentId: undefined as never })).toThrow(
    'A key needs experimentId',
  )
})
