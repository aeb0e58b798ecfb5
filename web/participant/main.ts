/** The participant's page, from the link to the receipt. */
import { participation, Refused, type Standing, Unreachable } from './api.ts'
import { type Device, type LocalRun, openDevice } from './device.ts'
import { drain } from './drain.ts'
import { capable } from './checks.ts'
import { fit } from './fit.ts'
import { insist } from './insist.ts'
import { conclude, isOver, ownRun, prepare, register } from './own-run.ts'
import { belongsTo, pressed, show } from './page.ts'
import { Queue } from './queue.ts'
import { showEnd } from './receipt.ts'
import { showRefusal } from './refusal-page.ts'
import type { StartedRun } from './run-sealing.ts'
import { Session } from './session.ts'
import { say, speak } from './texts/index.ts'
import { askForTabLock, awaitTabLock, takeTabLock, type TabLock } from './tab-lock.ts'
import { withdrawPage } from './withdraw.ts'

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
  if (known && isOver(known)) {
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
    note: invited.study.needs.includes('audio') ? say('sound') : undefined,
  })
  await click
  // A key that the server does not know can still be changed; one that it knows is answered with the run's own key id.
  const run = known && known.kid === invited.key.kid ? known : await prepare(device, code, invited)
  return { ...(await register(device, run)), progress: invited.study.progress, go: Promise.resolve() }
}

async function participate(code: string, lock: TabLock): Promise<void> {
  const device = await openDevice()
  void navigator.storage?.persist?.()
  const known = await ownRun(device, code)
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
    showRefusal('not-found')
    return
  }
  show({ state: 'opening', title: say('openingTitle'), sentence: say('opening'), progress: 'busy' })
  try {
    await participate(code, await tabLockFor(code))
  } catch (e) {
    if (e instanceof Refused && e.kind === 'run-withdrawn')
      show({ state: 'withdrawn', title: say('withdrawnTitle'), sentence: say('withdrawn'), note: say('close') })
    else showRefusal(kindOf(e))
  }
}

function kindOf(error: unknown): string {
  if (error instanceof Refused) return error.kind
  return error instanceof Unreachable ? 'unreachable' : 'failed'
}

void main()
