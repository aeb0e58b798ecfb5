/** The run that a participant has in this browser by a link: found, made, registered, and put away when it is over. */
import { base64url, sha256Hex } from '../../domain/hash.ts'
import { importRunKey, wrapRunKey } from '../../domain/runs/sealing.ts'
import { type Participation, type Standing, start } from './api.ts'
import type { Device, LocalRun } from './device.ts'
import { insist } from './insist.ts'
import { show } from './page.ts'
import { Queue } from './queue.ts'
import type { Own } from './receipt.ts'
import { sealOwn, type StartedRun } from './run-sealing.ts'
import type { Outcome } from './sender.ts'
import { say } from './texts/index.ts'

const address = new URLSearchParams(location.search)
const random = (n: number): Uint8Array<ArrayBuffer> => crypto.getRandomValues(new Uint8Array(n))
/** Whether nothing of it is left to do. */
export const isOver = (run: LocalRun): boolean => ['completed', 'aborted', 'withdrawn'].includes(run.state)

const outsideId = (parameter: string | undefined): string | undefined =>
  (parameter && address.get(parameter)?.slice(0, 200)) || undefined
const personOf = (nonce: string, id: string): Promise<string> => sha256Hex(`${nonce} ${id}`)

/**
 * The run that this participant has here by this link. Somebody with another outside id in the same browser is somebody
 * else.
 */
export async function ownRun(device: Device, code: string): Promise<LocalRun | undefined> {
  const runs = (await device.runs()).filter((r) => r.code === code).sort((a, b) => (a.created < b.created ? 1 : -1))
  for (const run of runs) {
    const id = outsideId(run.outsideIdParameter)
    if (id === undefined || run.person === undefined || run.person === (await personOf(run.nonce, id))) return run
  }
  return undefined
}

/** A new run with its key, on the device before the server hears of it. */
export async function prepare(device: Device, code: string, invited: Participation): Promise<LocalRun> {
  const raw = random(32)
  const nonce = base64url(random(24))
  const id = outsideId(invited.outsideIdParameter)
  const { title, organisation, language } = invited.study
  const run: LocalRun = {
    nonce,
    code,
    kid: invited.key.kid,
    wrappedKey: await wrapRunKey(raw, invited.key.jwk as JsonWebKey),
    key: await importRunKey(raw),
    state: 'starting',
    created: new Date().toISOString(),
    preview: invited.preview,
    repeats: invited.repeats ?? false,
    study: { title, organisation, language },
    made: 0,
    position: 0,
    acked: [],
    frozen: [],
    bytes: 0,
    ...(invited.outsideIdParameter ? { outsideIdParameter: invited.outsideIdParameter } : {}),
    ...(id === undefined ? {} : { person: await personOf(nonce, id) }),
  }
  raw.fill(0)
  await device.put(run)
  return run
}

/**
 * Registers the run; what the address carried goes into its first sealed record, except the outside id, which the
 * server keeps only as a keyed hash.
 */
export async function register(device: Device, run: LocalRun): Promise<{ queue: Queue; standing: Standing }> {
  const id = outsideId(run.outsideIdParameter)
  show({ state: 'starting', title: say('startingTitle'), sentence: say('starting'), progress: 'busy' })
  const started = await insist(() =>
    start(run.code, { nonce: run.nonce, kid: run.kid, wrappedKey: run.wrappedKey, outsideId: id }),
  )
  const { runId, token, condition, seed, contentHash, standing } = started
  const parameters = Object.fromEntries([...address].filter(([name]) => name !== run.outsideIdParameter))
  const own: Own = { parameters, outsideId: id }
  const registered: StartedRun = {
    ...run,
    state: 'running',
    runId,
    token,
    condition,
    seed,
    contentHash,
    own: await sealOwn(run.key, runId, 'own', own),
  }
  const queue = await Queue.open(device, registered)
  if (standing.acked.through === 0 && standing.acked.ranges.length === 0 && !standing.finish) {
    await queue.record('session', 'start', {
      parameters,
      started: new Date().toISOString(),
      language: navigator.language,
      userAgent: navigator.userAgent,
      window: [innerWidth, innerHeight],
      screen: [screen.width, screen.height],
      pixelRatio: devicePixelRatio,
      touchPoints: navigator.maxTouchPoints,
      timeZone: Intl.DateTimeFormat().resolvedOptions().timeZone,
    })
  }
  return { queue, standing }
}

/** Keeps how a run ended and deletes what it recorded here. */
export async function conclude(device: Device, run: LocalRun, outcome: Outcome): Promise<void> {
  run.state = outcome.state
  if (outcome.state !== 'withdrawn' && outcome.finish)
    run.receipt = { ...outcome.finish, records: run.made, bytes: run.bytes, at: new Date().toISOString() }
  await device.put(run)
  await device.forget(run.nonce)
}
