/**
 * The terms of a question: which dataset it is put to, whether it may be put, and what it would cost. Reads
 * declarations only.
 */
import type { z } from 'zod'
import type { Advice } from '../../contracts/jobs.ts'
import type { FieldError } from '../../contracts/problems.ts'
import { whyNot } from '../../domain/datasets/asking.ts'
import { jobCodes } from '../../domain/release/job-codes.ts'
import { cohortErrors } from '../../domain/datasets/cohort.ts'
import { exampleGroup, expectedErrors } from '../../domain/privacy/query-noise.ts'
import type { DatasetSchema } from '../../domain/datasets/schema.ts'
import type { Measured } from '../../domain/sql/noise-plan.ts'
import type { Caller } from '../kernel/caller.ts'
import type { Deps } from '../kernel/deps.ts'
import { Failure, notFound } from '../kernel/failure.ts'
import {
  type ApprovalItem,
  type BudgetItem,
  type DatasetVersionItem,
  indexKeyOf,
  keyOf,
  type MemberItem,
  type TwinTable,
} from '../kernel/items.ts'
import { inDataset, type InDataset } from '../kernel/resources.ts'
import { scriptAdvice, trialTerms } from './trial-terms.ts'
import { chargeOf, pinFor, type Question } from '../release/question.ts'

type AdviceLine = z.output<typeof Advice>

/** What one of several organisations may answer while another has the dataset. */
const passedOver: ReadonlySet<string> = new Set(['not-found', 'second-factor-needed'])

/**
 * By id, or by catalogue name within the caller's organisations. A name that two of them have is refused: the id says
 * which.
 */
export async function datasetOf(deps: Deps, caller: Caller, nameOrId: string): Promise<InDataset> {
  const access = { permission: 'dataset.analyse' as const }
  if (/^dat_[a-z2-7]{16,32}$/.test(nameOrId)) return inDataset(deps, caller, nameOrId, access)
  const { items: members } = await deps.table.query<MemberItem>(indexKeyOf.member.ofPerson.partition(caller.userId), {
    index: true,
    prefix: indexKeyOf.member.ofPerson.prefix(),
    limit: 100,
  })
  const named = (
    await Promise.all(
      members.map((m) => deps.table.get<{ datasetId: string }>(keyOf.datasetName(m.organisationId, nameOrId))),
    )
  ).filter((n) => n !== undefined)
  const looks = await Promise.allSettled(named.map((n) => inDataset(deps, caller, n.datasetId, access)))
  const seen = looks.flatMap((result) => {
    if (result.status === 'fulfilled') return [result.value]
    if (result.reason instanceof Failure && passedOver.has(result.reason.kind)) return []
    throw result.reason
  })
  const asking = looks
    .map((look): unknown => (look.status === 'rejected' ? look.reason : undefined))
    .find((reason) => reason instanceof Failure && reason.kind === 'second-factor-needed')
  if (seen.length === 0 && asking) throw asking
  if (seen.length > 1)
    throw new Failure(
      'invalid-request',
      'More than one of your organisations has a dataset of this name. Name it by its id.',
      [
        {
          path: '/body/dataset',
          message: 'Not one dataset',
          expected: seen.map((s) => s.dataset.datasetId).join(', '),
        },
      ],
    )
  if (!seen[0]) throw notFound()
  return seen[0]
}

export interface Terms extends InDataset {
  version: DatasetVersionItem
  budget: BudgetItem | undefined
  /** What stands in the way, gravest first. */
  faults: Failure[]
  advice: AdviceLine[]
  pin: string
  approval: 'not-needed' | 'needed' | 'given'
  nanoRho: number
  /** It is to be tried on these synthetic tables: no approval, no charge, nothing of the data. */
  twin?: TwinTable[]
}

const forbids = (detail: string): Failure => new Failure('policy-forbids', detail)
const invalid = (detail: string, path: string, message: string, expected?: string): Failure =>
  new Failure('invalid-request', detail, [{ path, message, ...(expected ? { expected } : {}) }])

/** What the policy and the contract's cross-field rules say; declarations only. */
function policyFaults(
  question: Question,
  { dataset, subject, caller }: InDataset,
  approval: boolean,
  today: string,
): Failure[] {
  const why = whyNot(dataset, { ...subject, userId: caller.userId }, today)
  if (why !== undefined) return [forbids(why)]
  const { policy } = dataset
  const out: Failure[] = []
  if (!policy.languages.includes(question.language))
    out.push(
      forbids(`The dataset’s policy does not take ${question.language}. It takes ${policy.languages.join(', ')}.`),
    )
  if (!policy.modes.includes(question.mode))
    out.push(
      forbids(
        `The dataset’s policy does not release answers by ${question.mode}. It allows ${policy.modes.join(', ')}.`,
      ),
    )
  if (question.purpose === '' && (question.mode === 'review' || approval))
    out.push(
      invalid(
        'Say what the analysis is for: people will look at it before it runs or before its output leaves.',
        '/body/purpose',
        'Missing',
        'a sentence',
      ),
    )
  if (question.mode === 'noise' && question.language !== 'sql') {
    if (question.declared.length === 0)
      out.push(
        invalid(
          'A script under noise declares its outputs and their ranges beforehand.',
          '/body/declared',
          'Missing',
          'a name, a low and a high for each number',
        ),
      )
    for (const [index, range] of question.declared.entries())
      if (!(range.low < range.high))
        out.push(
          invalid(
            'A range runs from a low to a higher number.',
            `/body/declared/${index}/high`,
            'Not above low',
            `more than ${range.low}`,
          ),
        )
  }
  return out
}

const shown = (p: { code: keyof typeof jobCodes; message?: string; line?: number; names?: string[] }): string =>
  p.message ?? `${jobCodes[p.code]}${p.names?.length ? ` (${p.names.join(', ')})` : ''}`

/** Of what an error of this kind is one. */
const errorUnit = (kind: string): string => {
  if (kind === 'count' || kind === 'sum') return ''
  return kind === 'quantile' ? ' people in each step of it' : ` in a group of ${exampleGroup} people`
}

/** What noise will do to an answer, in a sentence. */
function noiseToExpect(measured: Measured, rho: bigint): string {
  const said = expectedErrors(measured, rho)
    .slice(0, 8)
    .map(({ name, kind, error }) => `${name.slice(0, 40)} ± ${Number(error.toPrecision(2))}${errorUnit(kind)}`)
  return `Noise to expect (standard deviation): ${said.join('; ')}. A larger epsilon means less of it, and a higher charge.`
}

/** A trial: what the dataset's policy says of its answers has no say in rows that nobody is. */
async function termsOnTwin(deps: Deps, question: Question, place: InDataset): Promise<Terms> {
  const { datasetId, version: number } = place.dataset
  const version =
    number === 0 ? undefined : await deps.table.get<DatasetVersionItem>(keyOf.datasetVersion(datasetId, number))
  if (!version) throw forbids('The dataset is not published yet.')
  return {
    ...place,
    version,
    budget: undefined,
    ...(await trialTerms(deps, question, { ...place, version })),
    pin: await pinFor(deps, question, version),
    approval: 'not-needed',
    nanoRho: 0,
  }
}

async function approvalOf(
  deps: Deps,
  { datasetId, policy }: InDataset['dataset'],
  pin: string,
): Promise<Terms['approval']> {
  if (!policy.approval) return 'not-needed'
  return (await deps.table.get<ApprovalItem>(keyOf.approval(datasetId, pin))) ? 'given' : 'needed'
}

/** What is wrong with the filters, if anything. */
function cohortFaults(question: Question, schema: DatasetSchema): Failure[] {
  const wrong = cohortErrors(question.cohort, schema)
  if (wrong.length === 0) return []
  return [
    new Failure(
      'invalid-cohort',
      `The cohort’s filters do not fit the declared schema: ${wrong[0]!.message.toLowerCase()}.`,
      wrong.slice(0, 50).map((e): FieldError => ({ ...e, path: `/body/cohort${e.path}` })),
    ),
  ]
}

interface Remarks {
  faults: Failure[]
  advice: AdviceLine[]
}

/** What the engine says of a statement. */
async function onStatement(
  deps: Deps,
  question: Question,
  schema: DatasetSchema,
  budget: { delta: number },
): Promise<Remarks> {
  const checked = await deps.engine.validate(question.code, schema, question.mode === 'noise' ? 'noise' : 'rules')
  if ('problem' in checked) {
    const { problem } = checked
    const { code, line, names } = problem
    return {
      advice: [{ level: 'error', message: shown(problem), code, line }],
      faults: [
        new Failure('invalid-query', shown(problem), [{ path: '/body/code', message: jobCodes[code] }], {
          code,
          line,
          names,
        }),
      ],
    }
  }
  if (!checked.measured) return { faults: [], advice: [] }
  const message = noiseToExpect(checked.measured, BigInt(chargeOf(question, budget)))
  return { faults: [], advice: [{ level: 'hint', message }] }
}

/** What is to be said of code before it runs, and whether it can run here. */
async function onScript(deps: Deps, question: Question): Promise<Remarks> {
  const { language } = question
  const advice = await scriptAdvice(deps, question)
  const runs = deps.settings.languages?.()
  if (!runs || runs.includes(language)) return { faults: [], advice }
  const why = `This installation has nothing that confines ${language}, so it does not run it. It runs ${runs.join(', ')}.`
  return { faults: [forbids(why)], advice }
}

/**
 * Everything that is known of a question before it is accepted. Throws `not-found` and `forbidden`; whatever else is
 * wrong is listed.
 */
export async function termsOf(deps: Deps, caller: Caller, question: Question): Promise<Terms> {
  const place = await datasetOf(deps, caller, question.dataset)
  const { dataset } = place
  const today = deps.now().toISOString().slice(0, 10)
  if (question.on === 'twin') return termsOnTwin(deps, question, place)
  if (dataset.version === 0)
    throw forbids(
      whyNot(dataset, { ...place.subject, userId: caller.userId }, today) ?? 'The dataset is not published yet.',
    )
  const [version, budget] = await Promise.all([
    deps.table.get<DatasetVersionItem>(keyOf.datasetVersion(dataset.datasetId, dataset.version)),
    question.mode === 'noise' ? deps.table.get<BudgetItem>(keyOf.budget(dataset.datasetId)) : undefined,
  ])
  if (!version) throw notFound()
  const pin = await pinFor(deps, question, version)
  const approval = await approvalOf(deps, dataset, pin)
  const faults = policyFaults(question, place, approval === 'needed', today)
  const { schema } = version.data
  faults.push(...cohortFaults(question, schema))
  const remarks =
    question.language === 'sql'
      ? await onStatement(deps, question, schema, dataset.policy.budget)
      : await onScript(deps, question)
  faults.push(...remarks.faults)
  const nanoRho = chargeOf(question, dataset.policy.budget)
  if (question.mode === 'noise' && (budget?.available ?? 0) < nanoRho)
    faults.push(
      new Failure(
        'budget-exhausted',
        'What is left of the dataset’s privacy budget does not cover this. Ask for less, or ask its custodian.',
        [{ path: '/body/epsilon', message: 'More than is left' }],
      ),
    )
  return { ...place, version, budget, faults, advice: remarks.advice, pin, approval, nanoRho }
}
