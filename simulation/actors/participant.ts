/**
 * A participant with a browser: the participant page's own queue and sender (web/participant), on a device that keeps
 * what was written when the tab dies.
 */
import { base64url } from '../../domain/hash.ts'
import { importRunKey, wrapRunKey } from '../../domain/runs/sealing.ts'
import { participation, Refused, start, type Standing, Unreachable, withdraw } from '../../web/participant/api.ts'
import type { Device, LocalRun } from '../../web/participant/device.ts'
import { Queue } from '../../web/participant/queue.ts'
import { sealOwn, type StartedRun } from '../../web/participant/run-sealing.ts'
import { type Outcome, Sender } from '../../web/participant/sender.ts'
import { atWork, never, Process } from '../processes.ts'
import type { ToldRun } from '../told.ts'
import type { Stage, Tab } from '../stage.ts'
import { DiskFull, type Lane } from '../world.ts'

/** What is on the device, whichever tab is open. */
interface Disk {
  runs: Map<string, LocalRun>
  records: Map<string, unknown>
  checkpoints: Map<string, string>
  /** IndexedDB runs transactions on the same stores one after the other, whichever tab began them. */
  lane: Lane
  full?: boolean
}

const recordKey = (nonce: string, seq: number): string => `${nonce} ${String(seq).padStart(6, '0')}`

/** The device of a tab: every act takes its time, may fail, and may be the tab's last. */
function deviceOf(stage: Stage, disk: Disk): Device {
  const { world } = stage
  const call = <T>(what: string, act: () => T): Promise<T> => world.call(`device ${what}`, act, disk.lane)
  const copy = (run: LocalRun): LocalRun => ({ ...run, acked: [...run.acked], frozen: [...run.frozen] })
  const forget = (nonce: string): void => {
    for (const key of disk.records.keys()) if (key.startsWith(`${nonce} `)) disk.records.delete(key)
    disk.checkpoints.delete(nonce)
  }
  return {
    lasting: true,
    runs: () => call('runs', () => [...disk.runs.values()].map(copy)),
    put(run) {
      const kept = copy(run)
      return call('put', () => {
        disk.runs.set(kept.nonce, kept)
      })
    },
    add(run, records, _objects, alone) {
      const kept = copy(run)
      return call('add', () => {
        if (disk.full) throw new DiskFull('no space left')
        if (alone) forget(kept.nonce)
        disk.runs.set(kept.nonce, kept)
        for (const record of records) disk.records.set(recordKey(record.nonce, record.seq), record)
      })
    },
    records: (nonce) =>
      call('records', () =>
        [...disk.records.keys()]
          .filter((key) => key.startsWith(`${nonce} `))
          .sort()
          .map((key) => disk.records.get(key) as never),
      ),
    object: async () => undefined,
    dropObject: async () => {},
    checkpoint: (nonce) => call('checkpoint', () => disk.checkpoints.get(nonce)),
    putCheckpoint: (nonce, jwe) =>
      call('keep checkpoint', () => {
        disk.checkpoints.set(nonce, jwe)
      }),
    forget: (nonce) => call('forget', () => forget(nonce)),
  }
}

/** How a participant behaves. */
export interface Manner {
  code: string
  trials: number
  /** Milliseconds between two trials. */
  pace: number
  end: 'finish' | 'abort' | 'leave'
  withdraws: boolean
  /** The trial at which the page is reloaded, if it is; after the last one: at the end. */
  reloads: number | undefined
  /** How long they stay away then, in milliseconds. */
  awayFor: number
  /** From the first trial until then, every other request of theirs gets lost. */
  weak?: true
  /** The device has no room left for the end of the run, until the page is reloaded. */
  fills?: boolean
  /** Once they are back they would rather have it deleted, if the page does not know yet that it was at its end. */
  regrets?: boolean
}

/** One participant, from the link to a page that says that all is over. Resolves when nothing more is to come. */
export async function participate(stage: Stage, name: string, manner: Manner): Promise<void> {
  const { world, told } = stage
  const disk: Disk = { runs: new Map(), records: new Map(), checkpoints: new Map(), lane: { until: 0 } }
  const random = world.chance.sub(`device of ${name}`)
  const run: ToldRun = { who: name, code: manner.code, nonce: base64url(random.bytes(24)), acked: new Map() }
  told.runs.push(run)
  for (let tab = 0; ; tab++) {
    const process: Tab = Object.assign(new Process(world, `tab ${tab} of ${name}`), {
      run,
      listeners: [] as (() => void)[],
    })
    disk.full = false
    const ended = new Promise<'died' | 'over'>((resolve) => {
      process.onDeath.push(() => resolve('died'))
      void world.task(process, `${name} tab ${tab}`, () => visit(stage, disk, run, manner)).then(() => resolve('over'))
    })
    if ((await ended) === 'over') return
    const away = run.reloaded && !run.returned ? manner.awayFor : 0
    if (run.reloaded) run.returned = true
    await world.pause(away + 2000 + world.faults.measure(`${name} tab ${tab}`) * 20_000)
  }
}

/** What one tab does: goes on where an earlier one stopped. */
async function visit(stage: Stage, disk: Disk, told: ToldRun, manner: Manner): Promise<void> {
  const device = deviceOf(stage, disk)
  let known = (await insist(stage, () => device.runs())).find((r) => r.nonce === told.nonce)
  if (known && isOver(known)) return afterwards(stage, told, manner, known)
  if (!known) {
    const invited = await orRefused(stage, told, () => participation(manner.code, told.nonce))
    if (!invited) return
    known = await prepare(stage, device, told, manner.code, invited.key as never)
  }
  const started = await orRefused(stage, told, () =>
    start(known.code, { nonce: known.nonce, kid: known.kid, wrappedKey: known.wrappedKey }),
  )
  if (!started) return
  const { runId, token, condition, seed, contentHash, standing } = started
  told.runId = runId
  const own = await sealOwn(known.key, runId, 'own', {})
  const state = known.state === 'starting' ? 'running' : known.state
  const registered: StartedRun = { ...known, state, runId, token, condition, seed, contentHash, own }
  const outcome = await study(stage, disk, registered, told, manner, standing)
  if (!outcome) return
  told.ended = outcome.state
  if (outcome.state === 'completed' && !outcome.finish) told.short = true
  registered.state = outcome.state
  if (outcome.state !== 'withdrawn' && outcome.finish)
    registered.receipt = { ...outcome.finish, records: registered.made, bytes: registered.bytes, at: '' }
  await insist(stage, () => device.put(registered))
  await insist(stage, () => device.forget(registered.nonce))
  await afterwards(stage, told, manner, registered)
}

const isOver = (run: LocalRun): boolean => ['completed', 'aborted', 'withdrawn'].includes(run.state)

/** The device fails now and then; the page tries again. */
async function insist<T>(stage: Stage, act: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await act()
    } catch {
      await stage.world.pause(500)
    }
  }
}

/** Asks until there is an answer; undefined when it is a refusal for good. */
async function orRefused<T>(stage: Stage, told: ToldRun, ask: () => Promise<T>): Promise<T | undefined> {
  for (;;) {
    try {
      return await ask()
    } catch (e) {
      if (e instanceof Refused) {
        if (e.kind === 'run-withdrawn') told.ended = 'withdrawn'
        else told.refused = e.kind
        return undefined
      }
      if (!(e instanceof Unreachable)) throw e
      await stage.world.pause(700)
    }
  }
}

async function prepare(
  stage: Stage,
  device: Device,
  told: ToldRun,
  code: string,
  key: { kid: string; jwk: JsonWebKey },
): Promise<LocalRun> {
  const raw = stage.world.bytes(32)
  const run: LocalRun = {
    nonce: told.nonce,
    code,
    kid: key.kid,
    wrappedKey: await wrapRunKey(raw, key.jwk),
    key: await importRunKey(raw),
    state: 'starting',
    created: new Date().toISOString(),
    preview: false,
    repeats: false,
    study: { title: '', organisation: '', language: 'en' },
    made: 0,
    position: 0,
    acked: [],
    frozen: [],
    bytes: 0,
  }
  await insist(stage, () => device.put(run))
  return run
}

/** Records trials and sends them. Undefined: the participant went away, with everything acknowledged or not. */
async function study(
  stage: Stage,
  disk: Disk,
  run: StartedRun,
  told: ToldRun,
  manner: Manner,
  standing: Standing,
): Promise<Outcome | undefined> {
  const queue = await insist(stage, () => Queue.open(deviceOf(stage, disk), run))
  const sender = new Sender(queue)
  queue.onChange = () => sender.nudge()
  sender.run(standing).catch((error: unknown) => {
    stage.broken ??= `the sender of ${told.who} gave up: ${String(error)}`
  })
  const tab: Tab = atWork().process as Tab
  tab.weak = told.reloaded ? undefined : manner.weak
  while (!queue.closed && run.made < manner.trials) {
    await stage.world.pause(manner.pace * (0.5 + stage.world.faults.measure(`${atWork().name} trial ${run.made}`)))
    if (queue.closed) break
    if (manner.reloads === run.made && !told.reloaded) {
      told.reloaded = true
      await goAway(stage)
    }
    await queue.record('append', 'main', { trial: run.made, answer: 'left' })
  }
  if (manner.end === 'leave') {
    sender.stop()
    told.left = true
    return undefined
  }
  const aborts = manner.end === 'abort' || (manner.regrets && told.reloaded)
  if (manner.fills && !told.reloaded) disk.full = true
  if (!queue.closed) await (aborts ? queue.abort('enough') : queue.end())
  if (manner.reloads !== undefined && !told.reloaded) {
    told.reloaded = true
    await goAway(stage)
  }
  return sender.over
}

/** The page is closed at this moment: what fits is sent by requests that outlive it. */
async function goAway({ world }: Stage): Promise<void> {
  const process = atWork().process as Tab
  for (const act of process.listeners!) act()
  world.time.after(0, 'reload', () => world.kill(process, 'reloaded'))
  await never()
}

/** The last page; some take everything back from there. */
async function afterwards(stage: Stage, told: ToldRun, manner: Manner, run: LocalRun): Promise<void> {
  if (!told.ended) told.ended = run.state as 'completed'
  if (!manner.withdraws || run.state !== 'completed' || !run.receipt) return
  const { runCode, withdrawalCode } = run.receipt
  for (;;) {
    try {
      await withdraw({ runCode, withdrawalCode })
      told.ended = 'withdrawn'
      return
    } catch (e) {
      if (e instanceof Refused) throw new Error(`a withdrawal was refused: ${e.kind}`)
      await stage.world.pause(900)
    }
  }
}
