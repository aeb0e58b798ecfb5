/**
 * Participation and start: a link is a capability; a start is repeated safely, and a single-use link is consumed by
 * exactly one run.
 */
import type { runs } from '../../contracts/runs.ts'
import { byChance } from '../../domain/runs/assignment.ts'
import { fromBase64url, sha256, sha256Hex } from '../../domain/hash.ts'
import { type Refusal, refusal } from '../../domain/studies/links.ts'
import { AlreadyExists, ConditionFailed, type Item, type Table } from '../../ports/table.ts'
import type { Deps } from '../kernel/deps.ts'
import { Failure, notFound } from '../kernel/failure.ts'
import type { Implementation } from '../kernel/handler.ts'
import { derivedId } from '../kernel/ids.ts'
import {
  indexKeyOf,
  keyOf,
  type LinkItem,
  type OrganisationItem,
  type RunItem,
  type StudyItem,
} from '../kernel/items.ts'
import { withdrawn } from './append.ts'
import { tokenOf } from './codes.ts'
import { count } from './chunks.ts'
import { lookAfter } from './end-run.ts'
import { type Contended, takeSlot } from './slots.ts'
import { clearDue, setDue } from '../stores/run-looks.ts'
import { runStatusOf } from './run-status.ts'
import { inTurn } from '../kernel/in-turn.ts'
import { conditionsOf, versionDocument, versionItem } from '../stores/study-version.ts'
import { presentation } from '../stores/study-presentation.ts'
import { pseudonymOf } from '../stores/pseudonym.ts'
import { contendedTries, retrying } from '../kernel/retry.ts'
import { isGoing } from '../stores/study-rest.ts'

type Routes = (typeof runs)['routes']
type Run = Item<RunItem>

const reason: Record<Refusal, string> = {
  'study-not-open': 'This study is not open yet. Try again later, or ask the person who sent you the link.',
  'study-closed': 'This study is closed and takes no new participants. Thank you for your interest.',
  'study-full': 'This study has all the participants it needs. Thank you for your interest.',
  'link-used': 'This link works once and has been used. If it was you, open it in the same browser to go on.',
  'link-expired': 'This link has expired. Ask the person who sent it for a new one.',
}

/** How many counted runs a link remembers; a repeat of a start comes within seconds. */
const rememberedStarts = 128

/** Newcomers are told of refusals; a study that was never published is not open to anybody. */
function admit(link: LinkItem, study: StudyItem, now: Date): void {
  const refused = refusal(link, study.state, now) ?? (study.version === 0 ? 'study-not-open' : undefined)
  if (refused) throw new Failure(refused, reason[refused])
}

async function behind(deps: { table: Table }, code: string): Promise<{ link: Item<LinkItem>; study: Item<StudyItem> }> {
  const link = await deps.table.get<LinkItem>(keyOf.link(code))
  const study = link && (await deps.table.get<StudyItem>(keyOf.study(link.studyId)))
  if (!link || !study) throw notFound()
  return { link, study }
}

const runIdFor = (code: string, nonce: string): Promise<string> => derivedId('run', code, nonce)

export const participation: Implementation<Routes['participation']> = async ({ params, query }, deps) => {
  const { link, study } = await behind(deps, params.code)
  const mine =
    query.nonce === undefined
      ? undefined
      : await deps.table.get<RunItem>(keyOf.run(await runIdFor(params.code, query.nonce)))
  if (!mine) admit(link, study, deps.now())
  const [version, organisation] = await Promise.all([
    versionItem(deps, study.studyId, mine?.version ?? study.version),
    deps.table.get<OrganisationItem>(keyOf.organisation(study.organisationId)),
  ])
  if (!organisation) throw notFound()
  const [{ configuration, files }, key] = await Promise.all([
    versionDocument(deps, version.contentHash),
    deps.keys.publicKey(mine?.kid ?? organisation.kid),
  ])
  return {
    study: { title: study.title, organisation: organisation.name, kind: version.kind, ...presentation(configuration) },
    preview: link.kind === 'preview',
    repeats: link.kind === 'preview' || link.kind === 'personal',
    outsideIdParameter: link.outsideIdParameter,
    version: version.version,
    contentHash: version.contentHash,
    entry: version.kind === 'web' ? String(configuration['entry']) : undefined,
    assets: files.map(({ path, size, type }) => ({ path, size, type })),
    key,
  }
}

export const start: Implementation<Routes['start']> = async ({ params, body }, deps) => {
  const runId = await runIdFor(params.code, body.nonce)
  const { link, study } = await behind(deps, params.code)
  const known = await deps.table.get<RunItem>(keyOf.run(runId))
  if (known && !known.pending) return answer(deps, known, body.wrappedKey)
  if (!known) admit(link, study, deps.now())
  const run = known ?? (await prepare(deps, link, study, runId, body))
  return answer(deps, await finishStart(deps, run), body.wrappedKey)
}

async function answer(deps: Deps, run: Run, wrappedKey: string): ReturnType<Implementation<Routes['start']>> {
  if (run.state === 'withdrawn') throw withdrawn()
  // Records sealed under another key than the registered one could never be opened.
  if (run.wrappedKey !== undefined && run.wrappedKey !== wrappedKey)
    throw new Failure(
      'invalid-request',
      'This run was started with another key. Send the wrapped key of the first start.',
      [{ path: '/body/wrappedKey', message: 'Not the key this run was started with' }],
    )
  const { runId, condition, seed, version, contentHash } = run
  return {
    runId,
    token: await tokenOf(deps, runId),
    condition,
    seed,
    version,
    contentHash,
    standing: await runStatusOf(deps, run, await count(deps, run)),
  }
}

/** Registers the run with its key, before the link or a condition knows of it. */
async function prepare(
  deps: Deps,
  link: LinkItem,
  study: StudyItem,
  runId: string,
  body: { kid: string; wrappedKey: string; outsideId?: string | undefined },
): Promise<Run> {
  const [version, organisation] = await Promise.all([
    versionItem(deps, study.studyId, study.version),
    deps.table.get<OrganisationItem>(keyOf.organisation(study.organisationId)),
  ])
  if (body.kid !== organisation?.kid)
    throw new Failure(
      'invalid-request',
      'The run key is wrapped to another key than this organisation’s. Load the participation again.',
      [{ path: '/body/kid', message: 'Not this organisation’s key' }],
    )
  if (fromBase64url(body.wrappedKey).length !== 384)
    throw new Failure('invalid-request', 'The wrapped key is not RSA-OAEP under a 3072-bit key.', [
      { path: '/body/wrappedKey', message: 'Not 384 bytes', expected: '384 bytes, base64url' },
    ])
  const now = deps.now()
  const [at, look] = [now.toISOString(), lookAfter(now)]
  const pseudonym =
    link.pseudonym ??
    (body.outsideId === undefined ? undefined : await pseudonymOf(deps, study.studyId, body.outsideId))
  const digest = new DataView((await sha256(`seed ${runId}`)).buffer)
  const run: RunItem = {
    runId,
    studyId: study.studyId,
    organisationId: study.organisationId,
    code: link.code,
    version: version.version,
    contentHash: version.contentHash,
    condition: '',
    seed: digest.getUint32(0) >>> 1,
    preview: link.kind === 'preview',
    pseudonym,
    state: 'live',
    started: at,
    last: at,
    kid: body.kid,
    wrappedKey: body.wrappedKey,
    tokenHash: await sha256Hex(await tokenOf(deps, runId)),
    through: 0,
    received: 0,
    produced: 0,
    position: 0,
    bytes: 0,
    bytesThrough: 0,
    conflicts: 0,
    slot: 0,
    counted: at,
    look: look.toISOString(),
    pending: true,
  }
  await setDue(deps, runId, look)
  try {
    return await deps.table.create({ ...run, ...keyOf.run(runId) })
  } catch (e) {
    const other = e instanceof AlreadyExists ? await deps.table.get<RunItem>(keyOf.run(runId)) : undefined
    if (other) return other
    throw e
  }
}

/**
 * The rest of a start, safe to repeat from any point: counts the run on its link, assigns a condition, and brings the
 * run to light. When the link refuses it, nothing remains of the run and the refusal is thrown; while the study is
 * being deleted, it waits for what becomes of that.
 */
export async function finishStart(deps: Contended, run: Run): Promise<Run> {
  try {
    await consume(deps, run)
  } catch (e) {
    if (e instanceof Failure) {
      await deps.table.remove(keyOf.run(run.runId))
      await clearDue(deps, run.runId)
    }
    throw e
  }
  const conditions = conditionsOf(await versionItem({ table: deps.table }, run.studyId, run.version))
  const condition = run.preview ? byChance(conditions, run.seed) : await takeSlot(deps, run, conditions)
  // Whoever deletes the study says so before they look at its slots: one of the two sees the other. The run stays as it
  // is, for the sweep: it goes with its link, or goes on when the study stays.
  if (await isGoing(deps, run.studyId)) throw new Failure('study-closed', reason['study-closed'])
  try {
    return await deps.table.update<RunItem>(keyOf.run(run.runId), {
      set: {
        condition,
        slot: run.preview ? 0 : 1,
        ...indexKeyOf.run.ofStudy(run),
      },
      remove: ['pending'],
      when: [{ attribute: 'pending', is: 'present' }],
    })
  } catch (e) {
    const other = e instanceof ConditionFailed ? await deps.table.get<RunItem>(keyOf.run(run.runId)) : undefined
    if (other) return other
    throw e
  }
}

/**
 * Counts a run on its link once, with an expected version. Refuses when the link has been used up (or expired, for a
 * start that was left half done) by then.
 */
async function consume(deps: Contended, run: Run): Promise<void> {
  const key = keyOf.link(run.code)
  const short = run.runId.slice(4, 16)
  const countIt = async (): Promise<void> => {
    const link = await deps.table.get<LinkItem>(key)
    if (!link) throw notFound()
    if (link.usedBy === run.runId || link.recent?.includes(short)) return
    // The state of the study was judged when the run was prepared; here only the link can refuse.
    const refused = refusal(link, 'live', new Date(run.started))
    if (refused) throw new Failure(refused, reason[refused])
    await deps.table.update(key, {
      set: {
        recent: [...(link.recent ?? []), short].slice(-rememberedStarts),
        usedBy: link.kind === 'single' ? run.runId : undefined,
      },
      add: { started: 1 },
      when: [{ attribute: 'rev', is: 'equal', value: link.rev! }],
    })
  }
  await inTurn(deps, key.pk, () => retrying(deps, countIt, { times: contendedTries }))
}
