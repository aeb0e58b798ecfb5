/** Stores a chunk of records: one read of the run item (its token was checked on it) and one conditional put. */
import type { runs } from '../../contracts/runs.ts'
import { bounds, bytesInWords } from '../../domain/bounds.ts'
import { maxChunkBytes, recordText, type SealedRecord } from '../../domain/runs/records.ts'
import { countIsOld, looksSoon, runLife } from '../../domain/runs/life.ts'
import { headerFault } from '../../domain/runs/sequence.ts'
import { ConditionFailed, type Item } from '../../ports/table.ts'
import type { FieldError } from '../../contracts/problems.ts'
import type { Deps } from '../kernel/deps.ts'
import { Failure } from '../kernel/failure.ts'
import { hashNow } from '../kernel/hash.ts'
import type { Implementation, Request } from '../kernel/handler.ts'
import { keyOf, type RunItem } from '../kernel/items.ts'
import { finished, storeChunk } from './chunks.ts'
import { bringUpToDate, endWithoutData, lookAfter } from './end-run.ts'
import { runStatusOf } from './run-status.ts'
import { inTurn } from '../kernel/in-turn.ts'
import { setDue } from '../stores/run-looks.ts'
import { objectKey } from '../stores/run-records.ts'

type Append = (typeof runs)['routes']['append']
type Run = Item<RunItem>

/** Nothing more is taken of a withdrawn run, and nothing is left of it. */
export const withdrawn = (): Failure =>
  new Failure('run-withdrawn', 'This run was withdrawn and its data destroyed. Nothing more needs to be sent.')

/**
 * What a schema cannot say: each header repeats what stands beside it, end and abort close their chunk, an end names
 * its own number.
 */
function faults(runId: string, first: number, records: SealedRecord[]): FieldError[] {
  return records.flatMap((record, index) => {
    const seq = first + index
    const at = `/body/records/${index}`
    const out: FieldError[] = []
    const header = headerFault(record.jwe, { run: runId, seq, op: record.op, part: record.part })
    if (header)
      out.push({ path: `${at}/jwe`, message: header, expected: 'alg, enc, run, seq, op and part as declared' })
    if ((record.op === 'end') !== (record.end !== undefined))
      out.push({ path: `${at}/end`, message: 'Exactly an end record carries `end`' })
    if (record.end && record.end.last !== seq)
      out.push({
        path: `${at}/end/last`,
        message: 'An end record’s `last` is its own number',
        value: record.end.last,
        expected: String(seq),
      })
    if ((record.op === 'end' || record.op === 'abort') && index !== records.length - 1)
      out.push({ path: `${at}/op`, message: 'Nothing comes after an end or abort record' })
    return out
  })
}

async function objectsArrived(deps: Deps, runId: string, records: SealedRecord[]): Promise<void> {
  const named = records.flatMap((r, i) => (r.object ? [{ object: r.object, i }] : []))
  const heads = await Promise.all(
    named.map(({ object }) => deps.objects.head('sealed', objectKey(runId, object.sha256))),
  )
  const missing = named.filter(({ object }, k) => heads[k]?.size !== object.size)
  if (missing.length > 0)
    throw new Failure(
      'invalid-request',
      'A record names a sealed object that has not arrived. Upload it first (POST objects), then send the record.',
      missing.map(({ i }) => ({ path: `/body/records/${i}/object`, message: 'Not uploaded, or of another size' })),
    )
}

/** Whether a number may still be written, as far as the run item knows. */
const opening =
  (run: Run) =>
  (seq: number): boolean =>
    runLife[run.state].takesRecords && (run.endSeq === undefined || seq < run.endSeq)

/** Throws `invalid-request` by field, and `payload-too-large`. */
function checkChunk(runId: string, first: number, records: SealedRecord[]): void {
  const errors = faults(runId, first, records)
  if (errors.length > 0) throw new Failure('invalid-request', `${errors[0]!.path}: ${errors[0]!.message}`, errors)
  const bytes = records.reduce((n, r) => n + r.jwe.length, 0)
  if (bytes > maxChunkBytes)
    throw new Failure(
      'payload-too-large',
      `The records of a chunk have ${bytes} bytes of ciphertext; at most ${maxChunkBytes} are taken. Send fewer at once, or a large body as an object.`,
    )
}

/** Throws `bound-reached` for more than a run may hold. Its end is always taken. */
function checkBounds(run: Run, last: number, records: SealedRecord[]): void {
  if (records.at(-1)!.op === 'end' || records.at(-1)!.op === 'abort') return
  const { records: most, bytes } = bounds.run
  const more = records.reduce((n, r) => n + r.jwe.length + (r.object?.size ?? 0), 0)
  if (last <= most && run.bytes + more <= bytes) return
  throw new Failure(
    'bound-reached',
    `A run holds at most ${most} records and ${bytesInWords(bytes)}. What was acknowledged is kept; end the run to complete it.`,
  )
}

/** The participant stops here: nothing of the run is kept. */
async function abort(deps: Deps, run: Run, last: number): ReturnType<Implementation<Append>> {
  const ended = await endWithoutData(deps, run, 'aborted')
  if (ended.state === 'withdrawn') throw withdrawn()
  if (ended.state !== 'aborted') throw finished()
  return runStatusOf(deps, ended, undefined, [1, last])
}

/**
 * Nobody looks soon at a run that has fallen silent: whoever wakes it plans that before the records are stored, for the
 * case that the count that follows (`counts`) is lost. Answers when, if it did.
 */
async function planCount(deps: Deps, run: Run, counts: boolean, now: Date): Promise<Date | undefined> {
  if (run.state === 'live' && (!counts || looksSoon(run.look, now))) return undefined
  const at = lookAfter(now)
  await setDue(deps, run.runId, at)
  return at
}

async function store(deps: Deps, run: Run, { body }: Request<Append>): ReturnType<Implementation<Append>> {
  const { first, produced, position } = body
  const records = body.records as SealedRecord[]
  const last = first + records.length - 1
  if (run.state === 'withdrawn') throw withdrawn()
  checkChunk(run.runId, first, records)
  checkBounds(run, last, records)
  const aborts = records.at(-1)!.op === 'abort'
  if (run.state === 'aborted' || (aborts && runLife[run.state].to.includes('aborted'))) {
    if (!aborts) throw finished()
    return abort(deps, run, last)
  }
  const end = records.at(-1)!.end
  if (end && run.endSeq !== undefined && end.last !== run.endSeq) throw finished()
  const hashes = records.map((r) => hashNow(recordText(r)))
  await objectsArrived(deps, run.runId, records)
  const now = deps.now()
  const inPlay = end !== undefined || run.state !== 'live' || run.endSeq !== undefined
  const counts = inPlay || countIsOld(run.counted ?? run.last, now)
  const planned = await planCount(deps, run, counts, now)
  try {
    await storeChunk(
      deps,
      run,
      { first, records, hashes, produced: Math.max(produced, last), position, at: now },
      opening(run),
    )
  } catch (e) {
    if (e instanceof Failure && e.kind === 'record-conflict') await noteConflict(deps, run)
    throw e
  }
  if (!counts) return runStatusOf(deps, run, undefined, [first, last])
  const after = await bringUpToDate(deps, run, planned)
  if (after.run.state === 'withdrawn') throw withdrawn()
  return runStatusOf(deps, after.run, after.counted, [first, last])
}

/** Counted on the run, unless it is finished: nothing of a finished run changes. */
async function noteConflict(deps: Deps, run: Run): Promise<void> {
  if (!runLife[run.state].takesRecords) return
  try {
    await deps.table.update(keyOf.run(run.runId), {
      add: { conflicts: 1 },
      when: [{ attribute: 'state', is: 'equal', value: run.state }],
    })
  } catch (e) {
    if (!(e instanceof ConditionFailed)) throw e
  }
}

/**
 * One append of a run at a time in this process: a page sends one at a time, and two that overlap are then compared
 * with what is stored instead of racing it. The kernel has read the run before its turn came, so a run that was waiting
 * is read again.
 */
export const append: Implementation<Append> = (request, deps) => {
  const { runId } = request.run
  return inTurn(deps, `append ${runId}`, async (waited) =>
    store(deps, waited ? ((await deps.table.get<RunItem>(keyOf.run(runId))) ?? request.run) : request.run, request),
  )
}
