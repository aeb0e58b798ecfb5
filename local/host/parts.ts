/** Every port's embedded part, and what handlers and steps are given of them. */
import { randomBytes } from 'node:crypto'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { localCompute, type LocalCompute } from '../../adapters/local/compute.ts'
import { type Detached, detachedRunners } from '../../adapters/local/detached.ts'
import { localEngine } from '../../adapters/local/engine.ts'
import { localKeys } from '../../adapters/local/keys.ts'
import { localLogs } from '../../adapters/local/logs.ts'
import { type LocalObjects, localObjects } from '../../adapters/local/objects.ts'
import { kinds } from '../../functions/job-kinds.ts'
import { realPause } from '../../functions/kernel/pause.ts'
import type { StepDeps } from '../../functions/workflow/job-kind.ts'
import { asideThreads } from '../aside.ts'
import { openRestore } from '../care/restored.ts'
import { listOf, noteGone } from '../care/withdrawals.ts'
import { isFull } from '../home.ts'
import { type Languages, languages, languagesOf, onlyOne } from '../languages.ts'
import { accountPath, clientId, resourceOf, scope } from '../login/provider.ts'
import { type HostMail, hostMail } from '../mail.ts'
import { createMetrics } from '../metrics.ts'
import { insideOrigin, type Reach } from '../reach.ts'
import { isBackedUp, prepareWork } from '../work.ts'
import { createWorkflow, later } from '../workflow.ts'
import type { Ends } from './ends.ts'
import type { Kept } from './kept.ts'
import { type HostOptions, root } from './options.ts'

/** Runners at once: each is given a processor. */
const slots = 2
/** Between the signal to stop and the end: queries and steps that are at work may come to their own end. */
const stopMilliseconds = 1500

type Logs = Awaited<ReturnType<typeof localLogs>>

export interface Parts extends HostMail {
  deps: StepDeps
  objects: LocalObjects
  /** The same objects, with links for runners, which reach the host from within. */
  inside: LocalObjects
  /** Folder for what engine and runners are at work on. */
  work: string
  metrics: ReturnType<typeof createMetrics>
  languages: Languages
  compute: LocalCompute
  pipelines: Detached
  jobs: Awaited<ReturnType<typeof createWorkflow>>
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
    tellsFactors: true,
    version: '0.1.0',
    languages: () => languagesOf(tried.now()),
    // Containers of other people's images need a cluster; here there are processes.
    pipelines: () => ({
      quota: { slots: runs, perOwner: wanted ?? Math.max(1, Math.ceil(runs / 2)) },
      runtimes: ['python', 'r', 'shell'],
    }),
  }
}

/** Objects of the home, once with links for browsers and once with links for runners. */
async function openObjects(
  { home, seal, journal, table }: Kept,
  reach: Reach,
  secret: Buffer,
): Promise<Pick<Parts, 'objects' | 'inside'>> {
  const at = (baseUrl: string): LocalObjects =>
    localObjects({ folder: join(home, 'objects'), baseUrl, secret, seal, table, held: () => isBackedUp(home) })
  const objects = at(reach.mainOrigin)
  const { removed, unreadable } = await objects.tidy()
  if (removed + unreadable > 0) journal.log('objects', { removed, unreadable })
  return { objects, inside: at(insideOrigin(reach)) }
}

/** What runs scripts of users and pipelines, each in its own confinement. */
async function openCompute(
  { home }: Kept,
  { work, logs, tried, log }: { work: string; logs: Logs; tried: Languages; log: StepDeps['log'] },
): Promise<Pick<Parts, 'compute' | 'pipelines'>> {
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
  return { compute, pipelines }
}

/** Opens every part and the workflow over them. `secret` seals links; whoever has it opens every object. */
export async function openParts(
  kept: Kept,
  { reach, secret, options }: { reach: Reach; secret: Buffer; options: HostOptions },
  ends: Ends,
): Promise<Parts> {
  const { home, seal, journal, table, lastWords } = kept
  const { objects, inside } = await openObjects(kept, reach, secret)
  const work = await prepareWork(home, seal !== undefined)
  const engine = localEngine({ objects, work })
  ends.add(engine.close)
  const logs = await localLogs({ folder: join(home, 'logs'), seal })
  const { workflow, is } = later()
  const metrics = createMetrics(home)
  const log = metrics.heard(journal.log)
  const tried = languages(work)
  const { compute, pipelines } = await openCompute(kept, { work, logs, tried, log })
  const { mainOrigin } = reach
  const letters = hostMail({ server: options.mailServer, home, mainOrigin, secret, seal, now: () => Date.now() })
  const keys = localKeys({ file: join(home, 'keyring.json'), seal })
  const threads = asideThreads()
  ends.add(threads.close)
  const deps: StepDeps = {
    kinds,
    // Letters that stay here reach nobody: whoever invites hands the link on.
    mail: letters.letters ? undefined : letters.mail,
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
    settings: {
      ...settingsOf(reach, tried, options.runs),
      ...(options.campus ? { campus: options.campus.name } : {}),
      diskHasRoom: async () => !isFull(home),
      restored: () => openRestore(home),
    },
  }
  const jobs = await createWorkflow(root, { ...deps, objects: inside }, lastWords.doing)
  is(jobs)
  // Compute first: what is stopped because the host stops is not stopped for good.
  ends.add(() => Promise.all([compute.close(), jobs.close(stopMilliseconds)]))
  return { ...letters, deps, objects, inside, work, metrics, languages: tried, compute, pipelines, jobs }
}
