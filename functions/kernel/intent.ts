/**
 * What a request wants that starts something, known again by its `Idempotency-Key`: ids and secrets of what it makes
 * follow from a seed that the first request with the key has laid down, so that a repeat makes the same, finds it, or
 * goes on where the first was killed (docs/decisions/0016-a-key-makes-the-second-request-the-first.md).
 */
import { type Route, routeKey } from '../../contracts/route.ts'
import { base32, base64url, canonical, sha256, sha256Hex } from '../../domain/hash.ts'
import { ConditionFailed, type Item, type Key } from '../../ports/table.ts'
import type { Caller } from './caller.ts'
import { createIfAbsent } from './create-if-absent.ts'
import type { Deps } from './deps.ts'
import { Failure } from './failure.ts'
import { goneAfter } from './gone.ts'
import type { Prefix } from './ids.ts'
import { type IntentItem, keyOf } from './items.ts'

/** A key is remembered for so long. */
const keptDays = 1
/** Longer answers are not kept: the implementation finds them again. */
const longestAnswer = 100_000

export interface Intent {
  /** The same for the same key; 32 bytes at most. Nothing that opens anything may be made of them. */
  bytes(purpose: string, length: number): Promise<Uint8Array>
  /** The same for the same key, and not to be had from the table: what a secret is made of. */
  secret(purpose: string): Promise<Uint8Array>
  /** Where it is laid down; undefined of a request without a key. */
  at?: Key
  /** Somebody came before with the same key, or at the same time. */
  repeated?: true
  /** That one came to its end. */
  done?: true
  /** Its answer, of a route that keeps answers: the body as JSON, or nothing. */
  answer?: string
}

const keyUsed = (): Failure =>
  new Failure(
    'already-exists',
    'This Idempotency-Key was used for something else: another body, or another query. Use a new key for a new request.',
    [{ path: '/headers/Idempotency-Key', message: 'Used for something else' }],
  )

const withoutKey = ({ random }: Pick<Deps, 'random'>): Intent => {
  const seed = base64url(random(32))
  return {
    bytes: async (purpose, length) => (await sha256(`${seed}\0${purpose}`)).subarray(0, length),
    secret: async () => random(32),
  }
}

function ofItem({ keys }: Pick<Deps, 'keys'>, item: Item<IntentItem>, repeated: boolean): Intent {
  const { seed, done, answer, pk, sk } = item
  return {
    bytes: async (purpose, length) => (await sha256(`${seed}\0${purpose}`)).subarray(0, length),
    secret: (purpose) => keys.mac('intent', `${seed}\0${purpose}`),
    at: { pk, sk },
    ...(repeated ? { repeated } : {}),
    ...(done ? { done } : {}),
    ...(answer === undefined ? {} : { answer }),
  }
}

/** Lays the seed down, or finds the one that is there. */
async function laidDown(deps: Deps, key: Key, bodyHash: string): Promise<{ item: Item<IntentItem>; mine: boolean }> {
  const seed = base64url(deps.random(32))
  const fresh = { ...key, bodyHash, seed, ...goneAfter(deps.now().toISOString(), keptDays) }
  if (await createIfAbsent<IntentItem>(deps, fresh)) return { item: fresh, mine: true }
  const found = await deps.table.get<IntentItem>(key)
  return found ? { item: found, mine: found.seed === seed } : laidDown(deps, key, bodyHash)
}

/**
 * What this request wants. The same key of the same person, on the same route and resource, is the same intent. Throws
 * `already-exists` when it came with something else.
 */
export async function intentOf(
  deps: Deps,
  route: Route,
  caller: Caller | undefined,
  request: { params: object; query: unknown; body: unknown },
  key: string | undefined,
): Promise<Intent> {
  if (key === undefined || caller === undefined) return withoutKey(deps)
  const digest = await sha256Hex(canonical([caller.userId, routeKey(route), request.params, key]))
  const bodyHash = await sha256Hex(canonical([request.query, request.body ?? null]))
  const { item, mine } = await laidDown(deps, keyOf.intent(digest), bodyHash)
  if (item.bodyHash !== bodyHash) throw keyUsed()
  if (!mine && !item.done && !item.others) await mark(deps, { pk: item.pk, sk: item.sk }, { others: true }, 'others')
  return ofItem(deps, item, !mine)
}

/** How often, and how long in between, one of two requests that met looks whether the other came to its end. */
const looks = 20
const betweenLooks = 100

/**
 * The intent as another request with the same key has left it, at work at the same moment: one of two that meet may
 * fail by what the other does. Undefined when there is no other, or it comes to no end.
 */
export async function otherEnd(deps: Deps, { at, repeated }: Intent): Promise<Intent | undefined> {
  if (at === undefined) return undefined
  for (let look = 0; look < looks; look++) {
    const item = await deps.table.get<IntentItem>(at)
    if (!item || (!item.others && !repeated)) return undefined
    if (item.done) return ofItem(deps, item, true)
    await deps.pause(betweenLooks)
  }
  return undefined
}

/** Says something of the intent that nobody has said of it. False when somebody has, or when it is over. */
async function mark(
  { table }: Pick<Deps, 'table'>,
  at: Key,
  set: Partial<IntentItem>,
  what: 'others' | 'done',
): Promise<boolean> {
  try {
    await table.update(at, { set, when: [{ attribute: what, is: 'missing' }] })
    return true
  } catch (e) {
    if (!(e instanceof ConditionFailed)) throw e
    return false
  }
}

/**
 * Says that the request came to its end, with its answer where the route keeps answers, and answers the one that is
 * kept: of two that come to their end, the first one's.
 */
export async function conclude(
  deps: Pick<Deps, 'table'>,
  { starts }: Route,
  { at, done }: Intent,
  answer: string | undefined,
): Promise<string | undefined> {
  if (at === undefined || done) return answer
  const kept = starts === 'kept' && (answer ?? '').length <= longestAnswer ? { answer: answer ?? '' } : {}
  if (await mark(deps, at, { done: true, ...kept }, 'done')) return answer
  return (await deps.table.get<IntentItem>(at))?.answer ?? answer
}

/** An id that the same request has again. */
export const intendedId = async (intent: Intent, prefix: Prefix, ...parts: string[]): Promise<string> =>
  `${prefix}_${base32(await intent.bytes([prefix, ...parts].join(' '), 20))}`

/**
 * What an earlier request with this key has made, as it is now. Throws `already-exists` when that came to its end and
 * the thing is gone: it was taken back, and asking again must not bring it back.
 */
export async function madeBefore<T>(deps: Pick<Deps, 'table'>, intent: Intent, key: Key): Promise<Item<T> | undefined> {
  const found = intent.repeated ? await deps.table.get<T>(key) : undefined
  if (found || !intent.done) return found
  throw new Failure(
    'already-exists',
    'What was made by this Idempotency-Key has been taken back since. Use a new key for a new one.',
    [{ path: '/headers/Idempotency-Key', message: 'Its result was taken back' }],
  )
}
