/**
 * The laws that a history is held to. Some are looked at with every write that is made, the others when nothing more is
 * to happen. A law that does not hold is a sentence that says which, and where.
 */
import { type Block, emptyHead, eventsOf, walk } from '../domain/audit/chain.ts'
import { datasetLife } from '../domain/datasets/life.ts'
import { jobLife, type JobState } from '../domain/jobs/life.ts'
import { mostQuestions } from '../domain/jobs/places.ts'
import { runHash } from '../domain/runs/records.ts'
import { runLife } from '../domain/runs/life.ts'
import { placed } from '../domain/runs/sequence.ts'
import { studyLife } from '../domain/studies/life.ts'
import { synthesisLife } from '../domain/synthesis/life.ts'
import {
  type BudgetItem,
  type ChargeItem,
  type ChunkItem,
  type DatasetItem,
  type DatasetVersionItem,
  type JobItem,
  keyOf,
  type LinkItem,
  type RunItem,
} from '../functions/kernel/items.ts'
import type { Counter } from '../domain/runs/assignment.ts'
import type { Item } from '../ports/table.ts'
import { places } from './beginning.ts'
import type { Stage } from './stage.ts'
import type { ToldRun } from './told.ts'

type Stored = Item<Record<string, unknown>>
type Life = Readonly<Record<string, { to: readonly string[] }>>

/** Tables of life cycles, by the entity that walks them. */
export const lives: Readonly<Record<string, { sk: string; life: Life }>> = {
  RUN: { sk: 'RUN', life: runLife },
  JOB: { sk: 'JOB', life: jobLife },
  STUDY: { sk: 'STUDY', life: studyLife },
  DATASET: { sk: 'DATASET', life: datasetLife },
  SYN: { sk: 'SYNTHESIS', life: synthesisLife },
}

const prefixOf = (pk: string): string => pk.split('#', 1)[0]!
const holdsOf = (budget: object): number =>
  Object.entries(budget).reduce((sum, [name, value]) => sum + (name.startsWith('hold_') ? (value as number) : 0), 0)

/** Items that are made once; a dataset's version once it was published. */
const neverChanged = new Set(['RUN C', 'STUDY VERSION'])

/** What is held against the writes of a history, and what they show of life cycles. */
export interface Watched {
  broken: string | undefined
  readonly seen: Set<string>
}

const eventOfEnd: Partial<Record<JobState, string>> = {
  succeeded: 'job.released',
  blocked: 'job.blocked',
  failed: 'job.failed',
  cancelled: 'job.cancelled',
}

/** Looks at every write from now on. */
export function watchLaws(stage: Stage): Watched {
  const watched: Watched = { broken: undefined, seen: new Set() }
  const events = new Set<string>()
  const liveJobs = new Map<string, Set<string>>()
  const breaks = (sentence: string): void => {
    watched.broken ??= sentence
  }
  const needs = (act: string, object: string, of: Stored): void => {
    if (!events.has(`${act} ${object}`)) breaks(`${of.pk} ${of.sk} took effect without its event ${act} of ${object}`)
  }

  function walked(entity: string, before: Stored | undefined, after: Stored): void {
    const to = after['state'] as string
    const from = before?.['state'] as string | undefined
    watched.seen.add(`${entity} ${to}`)
    if (from === undefined || from === to) return
    watched.seen.add(`${entity} ${from} → ${to}`)
    if (!lives[entity]!.life[from]!.to.includes(to)) breaks(`${after.pk} went from ${from} to ${to}`)
  }

  function job(before: Stored | undefined, after: Stored): void {
    const now = after as unknown as JobItem
    const object = `job ${now.jobId}`
    if (!before && now.kind !== 'registration') needs('job.asked', object, after)
    const event = now.state === before?.['state'] ? undefined : eventOfEnd[now.state]
    if (event && now.kind !== 'registration') needs(event, object, after)
    if (now.charged === 'committed' && before?.['charged'] !== 'committed')
      needs('budget.charged', `dataset ${now.datasetId}`, after)
    const mine = liveJobs.get(now.userId) ?? new Set()
    liveJobs.set(now.userId, mine)
    if (jobLife[now.state].live && (now.kind === 'query' || now.kind === 'script')) mine.add(now.jobId)
    else mine.delete(now.jobId)
    // A clock that jumps ahead takes a request that is still at work for one that was killed long ago.
    if (mine.size > mostQuestions && !stage.world.faults.count['jump'])
      breaks(`${now.userId} has ${mine.size} live jobs; ${mostQuestions} are allowed`)
  }

  function budget(before: Stored | undefined, after: Stored): void {
    const { limit, available, spent } = after as unknown as BudgetItem
    if (available < 0) breaks(`the budget is overdrawn by ${-available}`)
    if (limit !== available + spent + holdsOf(after)) breaks('the budget does not add up')
    if (before && spent < (before['spent'] as number)) breaks('what was spent was taken back')
  }

  function run(before: Stored | undefined, after: Stored): void {
    const now = after as unknown as RunItem
    if (now.state === 'withdrawn' && before?.['state'] !== 'withdrawn')
      needs('run.withdrawn', `run ${now.runId}`, after)
    if (before && !runLife[now.state].hasData && now.wrappedKey !== undefined)
      breaks(`the key of ${now.runId} outlived it`)
  }

  const rules: Record<string, (before: Stored | undefined, after: Stored) => void> = {
    'RUN RUN': run,
    'JOB JOB': job,
    'DATASET BUDGET': budget,
    'LINK LINK': (before, after) => {
      const study = `study ${String(after['studyId'])}`
      if (!before) needs('link.created', study, after)
      if (after['revoked'] === true && before?.['revoked'] !== true) needs('link.revoked', study, after)
    },
    'STUDY VERSION': (before, after) => {
      if (!before) needs('study.published', `study ${String(after['studyId'])}`, after)
    },
    'DATASET VERSION': (before, after) => {
      const { datasetId, version } = after as unknown as DatasetVersionItem
      const dataset = stage.world.items.get(keyOf.dataset(datasetId)) as unknown as DatasetItem | undefined
      if (before && dataset && dataset.version >= version)
        breaks(`${after.sk} of ${after.pk} was changed after it was published`)
    },
    'TOKEN TOKEN': (before, after) => {
      if (!before) needs('token.created', `token ${String(after['tokenId'])}`, after)
    },
  }

  /** Whose roles changed, or who came or went. */
  function member(before: Stored | undefined, after: Stored | undefined): void {
    const roles = (item: Stored | undefined): string => ((item?.['roles'] as string[] | undefined) ?? []).join(' ')
    const one = (after ?? before)!
    if (roles(before) === roles(after)) return
    needs(after ? 'member.roles-changed' : 'member.removed', `person ${String(one['userId'])}`, one)
  }

  function chain(before: Stored | undefined, after: Stored | undefined): void {
    const { pk, sk } = (after ?? before)!
    if (pk.startsWith('AUDIT#waiting#')) return
    if (before || !after) breaks(`event ${sk} was changed or removed`)
    else for (const event of eventsOf(after as unknown as Block)) events.add(`${event.act} ${event.object}`)
  }

  stage.world.items.watch = (before, after) => {
    const one = (after ?? before)!
    const entity = prefixOf(one.pk)
    const place = `${entity} ${one.sk.split('#', 1)[0]}`
    if (entity === 'AUDIT') return chain(before, after)
    if (neverChanged.has(place) && before && after) breaks(`${one.sk} of ${one.pk} was changed`)
    if (place === 'ORG MEMBER') member(before, after)
    if (!after && place === 'TOKEN TOKEN') needs('token.revoked', `token ${String(one['tokenId'])}`, one)
    if (!after) return
    if (lives[entity]?.sk === one.sk) walked(entity, before, after)
    rules[place]?.(before, after)
  }
  return watched
}

/** Everything that the table holds when nothing more is to happen, by what it is. */
function gather(stage: Stage) {
  const all = [...stage.world.items.all()]
  const of = <T>(entity: string, sk: string): Item<T>[] =>
    all.filter((item) => prefixOf(item.pk) === entity && (item.sk === sk || item.sk.startsWith(`${sk}#`))) as Item<T>[]
  return {
    runs: of<RunItem>('RUN', 'RUN'),
    due: of<object>('RUN', 'DUE'),
    chunks: Map.groupBy(of<ChunkItem>('RUN', 'C'), (chunk) => chunk.pk),
    links: of<LinkItem>('LINK', 'LINK'),
    jobs: of<JobItem>('JOB', 'JOB'),
    live: of<object>('JOB', 'LIVE'),
    charges: of<ChargeItem>('DATASET', 'CHARGE'),
    budgets: of<BudgetItem>('DATASET', 'BUDGET'),
    counter: stage.world.items.get(keyOf.assignment(places.studyId, 1)) as unknown as Counter | undefined,
    chains: Map.groupBy(
      all.filter((item) => /^AUDIT#(?!waiting#)/.test(item.pk)),
      (item) => item.pk,
    ),
  }
}
type Gathered = ReturnType<typeof gather>

type Chunks = Map<number, Item<ChunkItem>>

/** A run whose data had to go. */
function ofGone(who: string, run: Item<RunItem>, wanted: RunItem['state'], { chunks }: Gathered): string | undefined {
  if (chunks.has(run.pk)) return `records of ${who}, ${wanted}, are still there`
  return run.state === wanted ? undefined : `the run of ${who} is ${run.state}, not ${wanted}`
}

/** What was acknowledged is there, as it was sent. */
function ofRecords({ who, acked }: ToldRun, at: Chunks): string | undefined {
  for (const [seq, hash] of acked) {
    const held = at.get(seq)
    if (!held) return `record ${seq} of ${who} was acknowledged and is lost`
    if (held.hashes[seq - held.first] !== hash) return `record ${seq} of ${who} was acknowledged and is another one`
  }
  return undefined
}

/** A finished run is the whole sequence that its end speaks of. */
async function ofWhole(who: string, run: Item<RunItem>, at: Chunks): Promise<string | undefined> {
  if (run.state !== 'completed') return `the run of ${who} is ${run.state}, not completed`
  const hashes = [...at].sort(([a], [b]) => a - b).map(([seq, chunk]) => chunk.hashes[seq - chunk.first]!)
  const whole = hashes.length === run.endSeq && (await runHash(hashes.slice(0, -1))) === run.endHash
  return whole ? undefined : `the run of ${who} is completed and not whole`
}

/** What an acknowledged run must still be. */
async function ofRun(told: ToldRun, gathered: Gathered): Promise<string | undefined> {
  const { who, runId, ended, taken } = told
  if (!told.left && !ended && told.refused === undefined) return `${who} never reached an end page`
  if (runId === undefined) return undefined
  if (told.refused !== undefined) return `${who} was refused (${told.refused}) after the start`
  const run = gathered.runs.find((one) => one.runId === runId)
  if (!run) return `the run of ${who} is gone`
  if (taken === 'done' || (taken === 'asked' && run.state === 'withdrawn'))
    return ofGone(who, run, 'withdrawn', gathered)
  if (ended === 'withdrawn' || ended === 'aborted') return ofGone(who, run, ended, gathered)
  if (!runLife[run.state].hasData) return `the run of ${who} is ${run.state} against their will`
  const at = placed(gathered.chunks.get(run.pk) ?? [])
  if (run.received !== at.size) return `the run of ${who} counts ${run.received} records and holds ${at.size}`
  return ofRecords(told, at) ?? (ended === 'completed' && !told.short ? ofWhole(who, run, at) : undefined)
}

/** A study's conditions count the runs that hold their slots, each once. */
function ofConditions({ runs, counter }: Gathered): string | undefined {
  const holding = runs.filter((run) => !run.preview && runLife[run.state].holdsSlot)
  const held = Map.groupBy(holding, (run) => run.condition)
  for (const condition of new Set([...held.keys(), ...Object.keys(counter?.load ?? {})])) {
    const [counted, is] = [counter?.load[condition] ?? 0, held.get(condition)?.length ?? 0]
    if (counted !== is) return `condition ${condition} counts ${counted} of ${is} runs`
  }
  return undefined
}

/** Links count their starts, and take no more than they may. */
function ofLinks({ runs, links }: Gathered): string | undefined {
  for (const link of links) {
    const mine = runs.filter((run) => run.code === link.code).length
    if (link.started !== mine) return `link ${link.label} counts ${link.started} of ${mine} starts`
    const most = link.kind === 'single' ? 1 : (link.quota ?? Infinity)
    if (mine > most) return `link ${link.label} has ${mine} runs; ${most} are allowed`
  }
  return undefined
}

/** Nobody waits for a run any more. */
function ofWaiting({ runs, due }: Gathered): string | undefined {
  if (runs.some((run) => run.pending)) return 'a start is still pending'
  const live = runs.find((run) => run.state === 'live')
  if (live) return `${live.runId} is live for ever`
  const incomplete = new Set(runs.filter((run) => run.state === 'incomplete').map((run) => run.pk))
  const waiting = due.find((one) => !incomplete.has(one.pk))
  return waiting && `${waiting.pk} is still due`
}

/** A job that is over has left nothing behind, and what it released is there. */
function ofEnded(stage: Stage, job: Item<JobItem>): string | undefined {
  if (jobLife[job.state].live) return `${job.jobId} is ${job.state} for ever`
  if (job.charged === 'reserved') return `the charge of ${job.jobId} is reserved for ever`
  const left = [...stage.world.objects.keys()].find((key) => key.startsWith(`quarantine jobs/${job.jobId}/`))
  if (left) return `${left} is left of ${job.state} ${job.jobId}`
  if (job.state !== 'succeeded') {
    // What a trial printed is shown however it ended.
    const shown = `released jobs/${job.jobId}/log.json`
    const out = [...stage.world.objects.keys()].find(
      (key) => key.startsWith('released ') && key.includes(`/${job.jobId}/`) && key !== shown,
    )
    if (out) return `${out} was laid ready for ${job.state} ${job.jobId}, and is left`
  }
  const releases = job.kind !== 'registration' && job.state === 'succeeded'
  return releases && !stage.world.objects.has(`released jobs/${job.jobId}/result.json`)
    ? `${job.jobId} succeeded without a result`
    : undefined
}

/** Jobs end, and are asked once. */
function ofJobs(stage: Stage, { jobs, live }: Gathered): string | undefined {
  for (const { who, jobId, seen } of stage.told.jobs) {
    const job = jobs.find((one) => one.jobId === jobId)
    if (jobId !== undefined && !job) return `a job of ${who} was acknowledged and is lost`
    if (job && seen !== undefined && seen !== job.state) return `${job.jobId} was ${seen} and is ${job.state}`
  }
  const asked = new Set(stage.told.jobs.map((told) => told.key)).size
  const questions = jobs.filter((job) => job.kind !== 'registration').length
  if (questions > asked) return `${questions} jobs came of ${asked} questions`
  for (const job of jobs) {
    const broken = ofEnded(stage, job)
    if (broken) return broken
  }
  return live.length > 0 ? `${live[0]!.pk} is still under the watch` : undefined
}

/** What was spent is what the answers cost. */
function ofBudgets({ jobs, charges, budgets }: Gathered): string | undefined {
  for (const budget of budgets) {
    const { datasetId, spent } = budget
    const paid = jobs
      .filter((job) => job.datasetId === datasetId && job.charged === 'committed')
      .reduce((sum, job) => sum + job.charge!, 0)
    if (spent !== paid) return `the budget spent ${spent}, the answers cost ${paid}`
    if (holdsOf(budget) !== 0) return 'something is reserved for ever'
    const listed = charges
      .filter((one) => one.datasetId === datasetId && one.what === 'committed')
      .reduce((sum, one) => sum + one.nanoRho, 0)
    if (listed !== paid) return `the ledger lists ${listed}, the answers cost ${paid}`
  }
  return undefined
}

/** Some minutes after the last record every run counts what it holds, also one that fell quiet at once. */
export function uncounted(stage: Stage): string | undefined {
  const { runs, chunks } = gather(stage)
  const behind = runs.find((run) => run.received !== placed(chunks.get(run.pk) ?? []).size)
  return behind && `${behind.runId} counts ${behind.received} records minutes after its last`
}

/** The first law that does not hold, now that nothing more is to happen. */
export async function brokenLaw(stage: Stage): Promise<string | undefined> {
  const gathered = gather(stage)
  for (const [chain, blocks] of gathered.chains) {
    const events = blocks.flatMap((block) => eventsOf(block as unknown as Block)).sort((a, b) => a.seq - b.seq)
    const { firstBreak } = await walk(emptyHead, events)
    if (firstBreak) return `${chain} is ${firstBreak.reason} at ${firstBreak.seq}`
  }
  for (const told of stage.told.runs) {
    const broken = await ofRun(told, gathered)
    if (broken) return broken
  }
  for (const { what, check } of stage.told.acts) {
    const broken = check()
    if (broken) return `${what}: ${broken}`
  }
  return (
    ofConditions(gathered) ?? ofLinks(gathered) ?? ofWaiting(gathered) ?? ofJobs(stage, gathered) ?? ofBudgets(gathered)
  )
}
