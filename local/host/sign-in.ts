/** Who comes in: accounts, the OpenID provider, its pages, and the campus' own sign-in. */
import { join } from 'node:path'
import { applyGroupRules } from '../../functions/access/group-rules.ts'
import { createLoginEvents } from '../../functions/access/login-events.ts'
import type { StepDeps } from '../../functions/workflow/job-kind.ts'
import { demoMark, demoPassword, demoPeople, seedDemo } from '../demo/seed.ts'
import { readJson } from '../files.ts'
import { loginFailure } from '../login/failure.ts'
import { createLogin } from '../login/login.ts'
import { createProvider } from '../login/provider.ts'
import { loginState } from '../login/state.ts'
import { isHttps } from '../reach.ts'
import { Trouble } from '../trouble.ts'
import type { Ends } from './ends.ts'
import { type Kept, logsErrors } from './kept.ts'
import type { HostOptions } from './options.ts'
import type { Parts } from './parts.ts'

type Login = ReturnType<typeof createLogin>

const wantsDemo = ({ demo }: HostOptions, mainOrigin: string): boolean => demo ?? !isHttps(mainOrigin)

/**
 * A home with the demo must not become public unasked: everybody knows its people's passwords. Throws `Trouble` when
 * it would.
 */
export async function refuseDemo(home: string, options: HostOptions, mainOrigin: string): Promise<void> {
  if (wantsDemo(options, mainOrigin) || !isHttps(mainOrigin)) return
  if (await readJson(join(home, demoMark)))
    throw new Trouble(
      `The folder ${home} holds the demo organisation, whose passwords everybody knows. Give a host with public names another CLOISTER_HOME, or set CLOISTER_DEMO=yes if it is to show the demo.`,
    )
}

/** Tells the audit chain of a wrong password. A chain that cannot be written must not tell the guesser anything. */
function recordsFailures(deps: StepDeps): (sub: string | undefined) => Promise<void> {
  const loginEvents = createLoginEvents(deps)
  return async (sub) => {
    if (sub) await loginEvents(loginFailure(sub)).catch(logsErrors(deps.log, 'login-events'))
  }
}

/** The campus' sign-in, where there is one; its groups give roles by the organisations' rules. */
function campusOf({ campus }: HostOptions, deps: StepDeps): Pick<Parameters<typeof createLogin>[0], 'campus'> {
  if (!campus) return {}
  return {
    campus: {
      settings: campus,
      arrived: ({ sub, groups }) => applyGroupRules(deps, { userId: sub, groups }),
      log: (problem) => deps.log('error', { at: 'campus', error: problem }),
    },
  }
}

/** Opens sign-in, and makes the demo's organisation where it is wanted and not there yet. */
export async function openSignIn(
  { home, seal, journal }: Kept,
  { deps, objects, mail, letters }: Parts,
  { mainOrigin, options, say }: { mainOrigin: string; options: HostOptions; say: (text: string) => void },
  ends: Ends,
): Promise<{ login: Login; demo: boolean }> {
  const state = await loginState(home, () => Date.now())
  ends.add(state.close)
  const provider = await createProvider({
    mainOrigin,
    keyFile: join(home, 'login-keys.json'),
    seal,
    state,
    founders: new Set(options.founders?.map((email) => email.toLowerCase())),
    failed: logsErrors(journal.log, 'login'),
  })
  const mark = join(home, demoMark)
  if (wantsDemo(options, mainOrigin)) await seedDemo({ deps, objects, accounts: state, mark, say })
  const demo = (await readJson(mark)) !== undefined
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
    ...campusOf(options, deps),
  })
  return { login, demo }
}
