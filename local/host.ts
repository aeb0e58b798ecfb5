/** The whole platform in one process: what is kept, the parts over it, sign-in, the gateway, and the chores. */
import { join, resolve } from 'node:path'
import { createAuthorizer } from '../functions/access/authorizer.ts'
import { creators } from '../functions/all.ts'
import { takesObjects } from '../functions/runs/sealed-objects.ts'
import { replayGone } from './care/replay.ts'
import { sealLost, unlock } from './care/unlock.ts'
import { startGateway } from './gateway.ts'
import { prepareHome } from './home.ts'
import { startChores } from './host/chores.ts'
import { createEnds, type Ends } from './host/ends.ts'
import { noteRunning, openKept } from './host/kept.ts'
import { type Host, type HostOptions, root } from './host/options.ts'
import { openParts } from './host/parts.ts'
import { openSignIn, refuseDemo } from './host/sign-in.ts'
import { portTrouble, tryPort } from './port.ts'
import { loopbackReach, type Reach } from './reach.ts'

export type { Host, HostOptions } from './host/options.ts'

function endWithError(why: string): void {
  process.stderr.write(`\n${why}\n`)
  process.exit(1)
}

async function openHost(home: string, reach: Reach, options: HostOptions, ends: Ends): Promise<Omit<Host, 'close'>> {
  const { mainOrigin, studyOrigin } = reach
  const prepared = await prepareHome(home)
  const seal = await unlock(home, options.passphrase)
  if (prepared.sealed && !seal) throw sealLost(home)
  const { objects: secret } = prepared.secrets(seal)
  await refuseDemo(home, options, mainOrigin)
  const say = options.quiet ? () => {} : (text: string) => process.stdout.write(`${text}\n`)
  const kept = await openKept(home, { seal, say, lost: options.lost ?? endWithError }, ends)
  const parts = await openParts(kept, { reach, secret: Buffer.from(secret, 'base64'), options }, ends)
  const { deps, objects, metrics } = parts
  await replayGone(home, deps, say)
  const handlers = new Map(
    await Promise.all(
      Object.entries(creators).map(async ([name, load]) => [name, metrics.timed((await load())(deps))] as const),
    ),
  )
  const { login, demo } = await openSignIn(kept, parts, { mainOrigin, options, say }, ends)
  const gateway = await startGateway(reach, {
    settings: deps.settings,
    objects,
    takes: async (bucket, key) => bucket !== 'sealed' || takesObjects(deps, key),
    handlers,
    authorizer: metrics.refusing(createAuthorizer(deps)),
    ...(options.metricsToken ? { metrics: { text: metrics.text, token: options.metricsToken } } : {}),
    log: deps.log,
    doing: kept.lastWords.doing,
    login,
    web: join(root, 'dist/web'),
  }).catch(async (error: unknown) => {
    throw await portTrouble(error, reach)
  })
  ends.add(gateway.close)
  await noteRunning(kept, mainOrigin, ends)
  await startChores(kept, parts, ends)
  return {
    languages: parts.languages,
    runners: parts.compute.pids,
    mainOrigin,
    studyOrigin,
    home,
    deps,
    demo,
    letters: parts.letters?.address,
    lastWords: kept.lastWords,
    renewCertificate: gateway.renew,
  }
}

/**
 * Starts everything and answers when it can be used. Throws `Trouble` for what the person at the keyboard can put
 * right.
 */
export async function startHost(options: HostOptions): Promise<Host> {
  const reach = options.reach ?? loopbackReach(options.port)
  await tryPort(options.port).catch(async (error: unknown) => {
    throw await portTrouble(error, reach)
  })
  const ends = createEnds()
  try {
    return { ...(await openHost(resolve(root, options.home), reach, options, ends)), close: ends.all }
  } catch (e) {
    await ends.all()
    throw e
  }
}
