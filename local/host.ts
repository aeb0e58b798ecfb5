/** The whole platform in one process, on the loopback interface. */
import { randomBytes } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { localCompute } from '../adapters/local/compute.ts'
import { detachedRunners } from '../adapters/local/detached.ts'
import { localEngine } from '../adapters/local/engine.ts'
import { localKeys } from '../adapters/local/keys.ts'
import { localLogs } from '../adapters/local/logs.ts'
import { type LocalObjects, localObjects } from '../adapters/local/objects.ts'
import { realPause } from '../functions/kernel/pause.ts'
import { sweepLeftovers } from '../runner/own-folders.ts'
import { applyGroupRules } from '../functions/access/group-rules.ts'
import { asideThreads } from './aside.ts'
import { createAuthorizer } from '../functions/access/authorizer.ts'
import { createLoginEvents } from '../functions/access/login-events.ts'
import { creators } from '../functions/all.ts'
import { createRecoverJobs } from '../functions/workflow/recover-jobs.ts'
import { kinds } from '../functions/job-kinds.ts'
import type { StepDeps } from '../functions/workflow/job-kind.ts'
import { takesObjects } from '../functions/runs/sealed-objects.ts'
import { createSweep } from '../functions/runs/sweep.ts'
import type { CampusSettings } from './campus-login.ts'
import { lookAtSizes, noteNewFiles, refuseOtherFiles } from './care/at-start.ts'
import { noteFiles } from './care/home-files.ts'
import { replayGone } from './care/replay.ts'
import { listOf, noteGone } from './care/withdrawals.ts'
import { demoMark, demoPassword, demoPeople, seedDemo } from './demo/seed.ts'
import { readJson, writeWhole } from './files.ts'
import { startGateway } from './gateway.ts'
import { isFull, prepareHome } from './home.ts'
import { lockHome } from './home-lock.ts'
import { createMetrics } from './metrics.ts'
import { openJournal } from './journal.ts'
import { type Languages, languages, languagesOf, onlyOne } from './languages.ts'
import { type LastWords, openLastWords } from './last-words.ts'
import { createLogin } from './login/login.ts'
import { loginFailure } from './login/failure.ts'
import { accountPath, clientId, createProvider, resourceOf, scope } from './login/provider.ts'
import { loginState } from './login/state.ts'
import { hostMail, type MailServer } from './mail.ts'
import { elsewhere, portTrouble, tryPort } from './port.ts'
import { insideOrigin, isHttps, loopbackReach, type Reach } from './reach.ts'
import { every } from './scheduler.ts'
import { damageMet, isTaken, openStore, storeTrouble } from './store.ts'
import { Trouble } from './trouble.ts'
import { isBackedUp, prepareWork } from './work.ts'
import { createWorkflow, later } from './workflow.ts'

export interface HostOptions {
  /** Where it listens on this machine. */
  port: number
  /** How others reach it; by default not at all (local/reach.ts). */
  reach?: Reach
  /** Folder of all data; made if missing. */
  home: string
  /** Where letters are handed over; by default they stay in the home (local/mail.ts). */
  mailServer?: MailServer | undefined
  /** Whether everybody must have a second factor. */
  secondFactor?: boolean
  /** Says nothing while starting. */
  quiet?: boolean
  /** Whether to make the demo organisation in a new home; by default where nobody else reaches the host. */
  demo?: boolean
  /** Addresses of those who may found organisations, besides those whose account says so. */
  founders?: readonly string[]
  /** Runs of pipelines at once; by default as many as there are processors, at least two. */
  runs?: number
  /** The campus' own sign-in. */
  campus?: CampusSettings
  /** Who has it may read `/metrics`; without one there is no such page. */
  metricsToken?: string
  /** Called when the platform cannot go on; by default the process ends with an error. */
  lost?: (why: string) => void
}
export interface Host {
  /** Which languages have a confinement here. Nobody waits for the answer before the first script is to run. */
  languages: Languages
  /** Process ids of the runners that are at work. */
  runners: () => number[]
  mainOrigin: string
  studyOrigin: string
  home: string
  deps: StepDeps
  demo: boolean
  /** Where letters that stayed here are read; whoever has this address reads them. */
  letters: string | undefined
  lastWords: LastWords
  /** Reads the certificate again, where there is one. */
  renewCertificate: () => void
  close: () => Promise<void>
}

const root = fileURLToPath(new URL('..', import.meta.url))
const visitMilliseconds = 60_000
/** The sweep comes more often: figures of a run that has fallen quiet wait for it. */
const sweepMilliseconds = 10_000
/** Runners at once: each is given a processor. */
const slots = 2
/** Between the signal to stop and the end: queries and steps that are at work may come to their own end. */
const stopMilliseconds = 1500
interface Running {
  pid: number
  mainOrigin: string
}

/** What is wrong with the home, in a person's words; other errors as they are. */
async function homeTrouble(failure: unknown, home: string): Promise<unknown> {
  if (!isTaken(failure)) return storeTrouble(failure, home) ?? failure
  const other = await readJson<Running>(join(home, 'host.json')).catch(() => undefined)
  const who = other ? `: ${other.mainOrigin}/ (process ${other.pid})` : ''
  return new Trouble(
    `Another Cloister is using the folder ${home}${who}. Open that one, or stop it first.\n${elsewhere}`,
  )
}

function settingsOf(reach: Reach, tried: Languages, wanted: number | undefined): StepDeps['settings'] {
  const runs = wanted ?? Math.max(2, availableParallelism())
  const { mainOrigin, studyOrigin } = reach
  return {
    mainOrigin,
    studyOrigin,
    issuer: `${mainOrigin}/oidc`,
    jwksUri: `${insideOrigin(reach)}/oidc/jwks`,
    clientId,
    scope,
    resource: resourceOf(mainOrigin),
    account: `${mainOrigin}${accountPath}`,
    version: '0.1.0',
    languages: () => languagesOf(tried.now()),
    // Containers of other people's images need a cluster; here there are processes.
    pipelines: () => ({
      quota: { slots: runs, perOwner: wanted ?? Math.max(1, Math.ceil(runs / 2)) },
      runtimes: ['python', 'r', 'shell'],
    }),
  }
}

const logsErrors =
  (log: StepDeps['log'], at: string) =>
  (e: unknown): void =>
    log('error', { at, error: e instanceof Error ? e.name : typeof e })

/** Tells the audit chain of a wrong password. A chain that cannot be written must not tell the guesser anything. */
function recordsFailures(deps: StepDeps): (sub: string | undefined) => Promise<void> {
  const loginEvents = createLoginEvents(deps)
  return async (sub) => {
    if (sub) await loginEvents(loginFailure(sub)).catch(logsErrors(deps.log, 'login-events'))
  }
}

/** A home with the demo must not become public unasked: everybody knows its people's passwords. */
async function refuseDemo(home: string): Promise<void> {
  if (await readJson(join(home, demoMark)))
    throw new Trouble(
      `The folder ${home} holds the demo organisation, whose passwords everybody knows. Give a host with public names another CLOISTER_HOME, or set CLOISTER_DEMO=yes if it is to show the demo.`,
    )
}

/**
 * Starts everything and answers when it can be used. Throws `Trouble` for what the person at the keyboard can put
 * right.
 */
export async function startHost(options: HostOptions): Promise<Host> {
  const home = resolve(root, options.home)
  const reach = options.reach ?? loopbackReach(options.port)
  const { mainOrigin, studyOrigin } = reach
  const lost =
    options.lost ??
    ((why) => {
      process.stderr.write(`\n${why}\n`)
      process.exit(1)
    })
  await tryPort(options.port).catch(async (error: unknown) => {
    throw await portTrouble(error, reach)
  })
  const { objects: secret } = await prepareHome(home)
  const wantsDemo = options.demo ?? !isHttps(mainOrigin)
  if (!wantsDemo && isHttps(mainOrigin)) await refuseDemo(home)
  const undo: (() => Promise<void>)[] = []
  const close = async (): Promise<void> => {
    for (const step of undo.splice(0).reverse()) await step()
  }
  try {
    const journal = await openJournal(join(home, 'cloister.log'))
    undo.push(journal.close)
    const say = options.quiet ? () => {} : (text: string) => process.stdout.write(`${text}\n`)
    // The lock makes this the only host of the home; everything else in it is opened after.
    const table = await lockHome(home)
      .then((unlock) => {
        undo.push(() => Promise.resolve(unlock()))
        return openStore(home, {
          say,
          failed: (failure) => lost(storeTrouble(failure, home)!.message),
          damaged: (what) => {
            journal.log('damage', { what })
            process.stderr.write(`${damageMet(home, what)}\n`)
          },
        })
      })
      .catch(async (error: unknown) => {
        throw await homeTrouble(error, home)
      })
    undo.push(table.close)
    const lastWords = openLastWords(home)
    undo.push(async () => lastWords.close())
    const { doing, before } = lastWords
    if (before) journal.log('started-after', { ...before, doing: before.doing.join(', ') })
    await refuseOtherFiles(home, table)
    // A table that cannot be written any more has said so already.
    undo.push(() => noteFiles(home, table, true).catch(logsErrors(journal.log, 'files')))

    const objectsAt = (baseUrl: string): LocalObjects =>
      localObjects({
        folder: join(home, 'objects'),
        baseUrl,
        secret: Buffer.from(secret, 'base64'),
        table,
        held: () => isBackedUp(home),
      })
    const objects = objectsAt(mainOrigin)
    const { removed, unreadable } = await objects.tidy()
    if (removed + unreadable > 0) journal.log('objects', { removed, unreadable })
    const work = await prepareWork(home)
    const engine = localEngine({ objects, work })
    undo.push(engine.close)
    const logs = await localLogs({ folder: join(home, 'logs') })
    const { workflow, is } = later()
    const metrics = createMetrics(home)
    const log = metrics.heard(journal.log)
    const tried = languages(work)
    const pipelines = await detachedRunners({
      program: join(root, 'runner/main.ts'),
      folder: join(home, 'runners'),
      logs,
    })
    const compute = localCompute({
      program: join(root, 'runner/warm.ts'),
      work,
      pipelines,
      slots,
      confinement: async () => onlyOne(await tried.known()),
      log,
    })
    const { mail, letters } = hostMail({
      server: options.mailServer,
      home,
      mainOrigin,
      secret: Buffer.from(secret, 'base64'),
      now: () => Date.now(),
    })
    const keys = localKeys({ file: join(home, 'keyring.json') })
    const threads = asideThreads()
    undo.push(threads.close)
    const deps: StepDeps = {
      kinds,
      // Letters that stay here reach nobody: whoever invites hands the link on.
      mail: letters ? undefined : mail,
      table: metrics.counted(table),
      objects,
      keys,
      engine,
      workflow,
      compute,
      logs,
      now: () => new Date(),
      random: (n) => new Uint8Array(randomBytes(n)),
      pause: realPause,
      memory: new Map(),
      noteGone: (run, as) => noteGone(process.env['CLOISTER_WITHDRAWALS'] || listOf(home), keys, { run, as }),
      aside: threads.aside,
      log,
      settings: { ...settingsOf(reach, tried, options.runs), diskHasRoom: async () => !isFull(home) },
    }
    // Links that steps make are for runners, which reach the host from within.
    const inside = objectsAt(insideOrigin(reach))
    const jobs = await createWorkflow(root, { ...deps, objects: inside }, doing)
    is(jobs)
    // Compute first: what is stopped because the host stops is not stopped for good.
    undo.push(async () => {
      await Promise.all([compute.close(), jobs.close(stopMilliseconds)])
    })
    await replayGone(home, deps, say)
    const handlers = new Map(
      await Promise.all(
        Object.entries(creators).map(async ([name, load]) => [name, metrics.timed((await load())(deps))] as const),
      ),
    )
    const state = await loginState(home, () => Date.now())
    undo.push(async () => state.close())
    const provider = await createProvider({
      mainOrigin,
      keyFile: join(home, 'login-keys.json'),
      state,
      founders: new Set(options.founders?.map((email) => email.toLowerCase())),
      failed: logsErrors(journal.log, 'login'),
    })
    if (wantsDemo)
      await seedDemo({
        deps,
        objects,
        accounts: state,
        mark: join(home, demoMark),
        say,
      })
    const demo = (await readJson(join(home, demoMark))) !== undefined

    const login = createLogin({
      provider,
      state,
      mainOrigin,
      mail,
      keptHere: letters !== undefined,
      secondFactor: options.secondFactor === true,
      letters: letters?.page,
      mailFailed: (error) => journal.log('error', { at: 'mail', error }),
      now: () => Date.now(),
      demo: () => (demo ? { people: demoPeople, password: demoPassword } : undefined),
      failed: recordsFailures(deps),
      ...(options.campus
        ? {
            campus: {
              settings: options.campus,
              arrived: ({ sub, groups }) => applyGroupRules(deps, { userId: sub, groups }),
              log: (problem) => log('error', { at: 'campus', error: problem }),
            },
          }
        : {}),
    })
    const gateway = await startGateway(reach, {
      settings: deps.settings,
      objects,
      takes: async (bucket, key) => bucket !== 'sealed' || takesObjects(deps, key),
      handlers,
      authorizer: metrics.refusing(createAuthorizer(deps)),
      ...(options.metricsToken ? { metrics: { text: metrics.text, token: options.metricsToken } } : {}),
      log,
      doing,
      login,
      web: join(root, 'dist/web'),
    }).catch(async (error: unknown) => {
      throw await portTrouble(error, reach)
    })
    undo.push(gateway.close)
    await noteFiles(home, table, false)
    await writeWhole(join(home, 'host.json'), JSON.stringify({ pid: process.pid, mainOrigin } satisfies Running))
    undo.push(() => rm(join(home, 'host.json'), { force: true }))

    const failed = (at: string) => logsErrors(log, at)
    const during = (what: string, work: () => Promise<unknown>) => () => work().finally(doing(what))
    undo.push(every(sweepMilliseconds, during('sweep', createSweep(deps)), failed('sweep')).close)
    undo.push(
      every(
        visitMilliseconds,
        during('gone', () => table.removeGone(deps.now())),
        failed('gone'),
      ).close,
    )
    undo.push(every(visitMilliseconds, async () => void sweepLeftovers(work), failed('work')).close)
    const release = (): Promise<unknown> => Promise.all([objects, inside].map((one) => one.release()))
    undo.push(() => release().then(() => {}), every(visitMilliseconds, release, failed('objects')).close)
    undo.push(every(visitMilliseconds, () => noteNewFiles(home, table), failed('files')).close)
    void lookAtSizes(join(home, 'objects'), table, (sentence) => process.stderr.write(`\n${sentence}\n`)).catch(
      failed('look'),
    )
    // Pipelines that a host before this one has left go on where they are, as the same attempt.
    await Promise.all((await pipelines.left()).map(({ runId, attempt }) => jobs.start(runId, attempt)))
    // At the start, too: it takes up what a kill has interrupted. The gateway is open by then, and runners fetch their
    // inputs through it.
    undo.push(every(visitMilliseconds, during('watch', createRecoverJobs(deps)), failed('watch'), true).close)
    return {
      languages: tried,
      runners: compute.pids,
      mainOrigin,
      studyOrigin,
      home,
      deps,
      demo,
      letters: letters?.address,
      lastWords,
      renewCertificate: gateway.renew,
      close,
    }
  } catch (e) {
    await close()
    throw e
  }
}
