/** The participant's page, from the link to the receipt. */
import { base64url, sha256Hex } from '../../domain/hash.ts'
import { importRunKey, wrapRunKey } from '../../domain/runs/sealing.ts'
import { type Participation, participation, Refused, type Standing, start, Unreachable } from './api.ts'
import { capable, missing } from './checks.ts'
import { type Device, type LocalRun, openDevice } from './device.ts'
import { drain } from './drain.ts'
import { belongsTo, show } from './page.ts'
import { Queue, sealOwn, type StartedRun } from './queue.ts'
import { type Own, showEnd } from './receipt.ts'
import { conclude, insist, Session } from './session.ts'
import { say, speak } from './texts/index.ts'
import type { Texts } from './texts/en.ts'
import { askForTabLock, awaitTabLock, takeTabLock, type TabLock } from './tab-lock.ts'
import { withdrawPage } from './withdraw.ts'

const address = new URLSearchParams(location.search)
const reload = { label: '', act: () => location.reload() }
const random = (n: number): Uint8Array<ArrayBuffer> => crypto.getRandomValues(new Uint8Array(n))
const over = (run: LocalRun): boolean => ['completed', 'aborted', 'withdrawn'].includes(run.state)
const pressed = (label: string): { button: { label: string; act: () => void }; click: Promise<void> } => {
  let act: () => void = () => undefined
  const click = new Promise<void>((resolve) => {
    act = resolve
  })
  return { button: { label, act }, click }
}

const refusals: Record<string, [state: string, title: keyof Texts, sentence: keyof Texts]> = {
  'study-not-open': ['not-open', 'notOpenTitle', 'notOpen'],
  'study-closed': ['closed', 'closedTitle', 'closed'],
  'study-full': ['full', 'fullTitle', 'full'],
  'link-used': ['link-used', 'linkUsedTitle', 'linkUsed'],
  'link-expired': ['link-expired', 'linkExpiredTitle', 'linkExpired'],
  'not-found': ['not-found', 'notFoundTitle', 'notFound'],
  'invalid-request': ['not-found', 'notFoundTitle', 'notFound'],
}

function refused(kind: string): void {
  const [state, title, sentence] = refusals[kind] ?? ['failed', 'failedTitle', 'failed']
  show({
    state,
    tone: 'warn',
    title: say(title as keyof Texts),
    sentence: say(sentence as keyof Texts),
    button: { ...reload, label: say('reload') },
  })
}

/** This tab's lock: at once, or when the other tab closes, or when the participant wants to go on here. */
async function tabLockFor(code: string): Promise<TabLock> {
  const lock = await takeTabLock(code)
  if (lock) return lock
  show({
    state: 'elsewhere',
    title: say('elsewhereTitle'),
    sentence: say('elsewhere'),
    button: { label: say('useThisTab'), act: () => askForTabLock(code) },
  })
  return awaitTabLock(code)
}

const outsideId = (parameter: string | undefined): string | undefined =>
  (parameter && address.get(parameter)?.slice(0, 200)) || undefined
const personOf = (nonce: string, id: string): Promise<string> => sha256Hex(`${nonce} ${id}`)

/**
 * The run that this participant has here by this link. Somebody with another outside id in the same browser is somebody
 * else.
 */
async function mine(device: Device, code: string): Promise<LocalRun | undefined> {
  const runs = (await device.runs()).filter((r) => r.code === code).sort((a, b) => (a.created < b.created ? 1 : -1))
  for (const run of runs) {
    const id = outsideId(run.outsideIdParameter)
    if (id === undefined || run.person === undefined || run.person === (await personOf(run.nonce, id))) return run
  }
  return undefined
}

/** A new run with its key, on the device before the server hears of it. */
async function prepare(device: Device, code: string, invited: Participation): Promise<LocalRun> {
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

/** Waits until window and device have what the study needs. */
async function fit(study: Participation['study']): Promise<void> {
  let keyboard = false
  for (;;) {
    const lack = missing(study, keyboard)
    if (!lack) return
    await new Promise<void>((resolve) => {
      const stop = new AbortController()
      const again = (): void => {
        stop.abort()
        resolve()
      }
      addEventListener('resize', again, { signal: stop.signal })
      addEventListener(
        'keydown',
        (event) => {
          if (lack.kind === 'device' && lack.keyboard && event.code) {
            keyboard = true
            again()
          }
        },
        { signal: stop.signal },
      )
      const button = { label: say('reload'), act: again }
      if (lack.kind === 'screen')
        show({
          state: 'too-small',
          tone: 'warn',
          title: say('tooSmallTitle'),
          sentence: say('tooSmall', { needed: lack.needed, has: lack.has }),
          button,
        })
      else show({ state: 'lacking', tone: 'warn', title: say(lack.title), sentence: say(lack.sentence), button })
    })
  }
}

/**
 * Registers the run; what the address carried goes into its first sealed record, except the outside id, which the
 * server keeps only as a keyed hash.
 */
async function register(device: Device, run: LocalRun): Promise<{ queue: Queue; standing: Standing }> {
  const id = outsideId(run.outsideIdParameter)
  show({ state: 'starting', title: say('startingTitle'), sentence: say('starting'), progress: 'busy' })
  const started = await insist(() =>
    start(run.code, {
      nonce: run.nonce,
      kid: run.kid,
      wrappedKey: run.wrappedKey,
      ...(id === undefined ? {} : { outsideId: id }),
    }),
  )
  const { runId, token, condition, seed, contentHash, standing } = started
  const parameters = Object.fromEntries([...address].filter(([name]) => name !== run.outsideIdParameter))
  const own: Own = { parameters, ...(id === undefined ? {} : { outsideId: id }) }
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

function introduce(run: Pick<LocalRun, 'study' | 'preview'>): void {
  speak([run.study.language, ...navigator.languages])
  belongsTo({ title: run.study.title, organisation: run.study.organisation, preview: run.preview })
}

/** `go`: the participant wants to begin or go on. `progress`: the study wants a progress line. */
interface Begun {
  queue: Queue
  standing?: Standing
  progress: boolean
  go: Promise<void>
}

/**
 * Everything up to a started run: the one of this browser, or a new one after the participant's click. Undefined when a
 * page has been shown that ends here.
 */
async function ready(device: Device, code: string, known: LocalRun | undefined): Promise<Begun | undefined> {
  if (known && over(known)) {
    introduce(known)
    const { button, click } = pressed(say('takePartAgain'))
    await showEnd(known, known.study.title, known.repeats ? button : undefined)
    if (!known.repeats) return undefined
    await click
    return ready(device, code, undefined)
  }
  if (known?.state === 'ending') {
    introduce(known)
    return { queue: await Queue.open(device, known as StartedRun), progress: false, go: Promise.resolve() }
  }
  const invited = await insist(() => participation(code, known?.nonce))
  introduce({ study: invited.study, preview: invited.preview })
  await fit(invited.study)
  if (known?.runId) {
    const { button, click } = pressed(say('resume'))
    show({ state: 'resuming', title: say('resumingTitle'), sentence: say('resuming'), button })
    // What waits on the device is sent while the participant reads.
    return { queue: await Queue.open(device, known as StartedRun), progress: invited.study.progress, go: click }
  }
  const { button, click } = pressed(say('start'))
  show({
    state: 'ready',
    title: say('readyTitle'),
    sentence: say('ready', { organisation: invited.study.organisation }),
    button,
    ...(invited.study.needs.includes('audio') ? { note: say('sound') } : {}),
  })
  await click
  // A key that the server does not know can still be changed; one that it knows is answered with the run's own key id.
  const run = known && known.kid === invited.key.kid ? known : await prepare(device, code, invited)
  return { ...(await register(device, run)), progress: invited.study.progress, go: Promise.resolve() }
}

async function participate(code: string, lock: TabLock): Promise<void> {
  const device = await openDevice()
  void navigator.storage?.persist?.()
  const known = await mine(device, code)
  let leave = async (): Promise<void> => undefined
  let left = false
  void lock.asked.then(async () => {
    left = true
    await leave()
    lock.release()
    const { button, click } = pressed(say('backHere'))
    show({ state: 'moved', title: say('movedTitle'), sentence: say('moved'), button })
    await click
    askForTabLock(code)
    location.reload()
  })
  void drain(device, { code, asked: lock.asked }, known?.nonce)
  const begun = await ready(device, code, known)
  if (!begun || left) return
  const session = new Session(begun.queue, begun.progress)
  leave = () => session.leave()
  const ended = session.over(begun.standing)
  await Promise.race([begun.go.then(() => (left ? undefined : session.open())), ended])
  const outcome = await ended
  await conclude(device, begun.queue.run, outcome)
  await showEnd(begun.queue.run, begun.queue.run.study.title)
}

async function main(): Promise<void> {
  speak(navigator.languages)
  if (!capable()) {
    show({ state: 'too-old', tone: 'warn', title: say('tooOldTitle'), sentence: say('tooOld') })
    return
  }
  if (location.pathname.startsWith('/withdraw')) {
    withdrawPage()
    void drain(await openDevice())
    return
  }
  const code = /^\/p\/([a-z2-7]{20})\/?$/.exec(location.pathname)?.[1]
  if (!code) {
    refused('not-found')
    return
  }
  show({ state: 'opening', title: say('openingTitle'), sentence: say('opening'), progress: 'busy' })
  try {
    await participate(code, await tabLockFor(code))
  } catch (e) {
    if (e instanceof Refused && e.kind === 'run-withdrawn')
      show({ state: 'withdrawn', title: say('withdrawnTitle'), sentence: say('withdrawn'), note: say('close') })
    else refused(kindOf(e))
  }
}

function kindOf(error: unknown): string {
  if (error instanceof Refused) return error.kind
  return error instanceof Unreachable ? 'unreachable' : 'failed'
}

void main()
