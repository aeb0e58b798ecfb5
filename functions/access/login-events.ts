/**
 * Failed sign-ins, as CloudTrail reports them for Cognito (and the local login in the same shape), into the chains of
 * the person's organisations. Only known people are written, by their id: what somebody typed as name or password is
 * nobody's to keep.
 */
import * as z from 'zod'
import { backstage } from '../../contracts/backstage.ts'
import { ConditionFailed } from '../../ports/table.ts'
import { record } from '../kernel/audit.ts'
import type { Deps } from '../kernel/deps.ts'
import { guarded } from '../kernel/grants.ts'
import { endedDays } from '../kernel/ends.ts'
import { goneAfter } from '../kernel/gone.ts'
import type { PersonProfile } from '../kernel/items.ts'
import { indexKeyOf, keyOf } from '../kernel/items.ts'
import { membershipsOf } from './people.ts'
import { emailKey } from './session.ts'
import { createIfAbsent } from '../kernel/create-if-absent.ts'

const Short = z.string().max(254).optional().catch(undefined)
/** An EventBridge event of CloudTrail, as far as it is read. */
export const LoginEvent = z.object({
  detail: z.object({
    eventName: z.string().max(60),
    /** `NotAuthorizedException`, `UserNotFoundException`, … */
    errorCode: Short,
    /** Cognito names the person by `sub`; the local login by `sub` or `email`. */
    additionalEventData: z.object({ sub: Short, email: Short }).nullish().catch(undefined),
  }),
})
export type LoginEvent = z.input<typeof LoginEvent>

/** How many failures there were, how many of them a chain has been told, and when. */
interface FailuresItem {
  count: number
  reported: number
  at: string
}
const oneMinuteMs = 60_000

async function personOf(deps: Deps, sub: string | undefined, email: string | undefined): Promise<string | undefined> {
  if (sub !== undefined && /^[A-Za-z0-9_-]{1,128}$/.test(sub))
    return (await deps.table.get<PersonProfile>(keyOf.person(sub)))?.userId
  if (email === undefined) return undefined
  const found = await deps.table.query<PersonProfile>(await emailKey(email), {
    index: true,
    prefix: indexKeyOf.person.byEmail.prefix(),
    limit: 1,
  })
  return found.items[0]?.userId
}

/** Counts a failure; answers how many to report, or undefined within a minute of the last report. */
async function due(deps: Deps, userId: string): Promise<number | undefined> {
  const key = keyOf.loginFailures(userId)
  const now = deps.now()
  // A day after the last one the count begins anew.
  const end = goneAfter(now.toISOString(), endedDays.loginFailures)
  await createIfAbsent<FailuresItem>(deps, { ...key, ...end, count: 0, reported: 0, at: new Date(0).toISOString() })
  const failures = await deps.table.update<FailuresItem>(key, { add: { count: 1 }, set: end })
  // In either direction: a clock that was set back must not silence the reports.
  if (Math.abs(now.getTime() - Date.parse(failures.at)) < oneMinuteMs) return undefined
  try {
    await deps.table.update(key, {
      set: { at: now.toISOString(), reported: failures.count },
      when: [{ attribute: 'at', is: 'equal', value: failures.at }],
    })
  } catch (e) {
    if (e instanceof ConditionFailed) return undefined // another failure at the same moment reports both
    throw e
  }
  return failures.count - failures.reported
}

/** Answers nothing; an event that cannot be read is logged and dropped, so that it is not delivered for ever. */
export function createLoginEvents(unguarded: Deps): (event: unknown) => Promise<void> {
  const deps = guarded(unguarded, 'login-events', backstage.find((f) => f.name === 'login-events')!.grants)
  return async (event) => {
    const parsed = LoginEvent.safeParse(event)
    if (!parsed.success) {
      deps.log('login-event-unreadable', {})
      return
    }
    const { errorCode, eventName, additionalEventData } = parsed.data.detail
    if (errorCode === undefined) return
    const userId = await personOf(deps, additionalEventData?.sub, additionalEventData?.email)
    // Of strangers only the number is of interest (an alarm counts these lines).
    if (userId === undefined) {
      deps.log('login-failed', { known: false })
      return
    }
    deps.log('login-failed', { known: true })
    const failures = await due(deps, userId)
    if (failures === undefined) return
    const reason = /^[A-Za-z]{1,60}$/.test(errorCode) ? errorCode : 'Other'
    for (const member of await membershipsOf(deps, userId))
      await record(deps, member.organisationId, { kind: 'platform', id: 'sign-in' }, [
        {
          act: 'login.failed',
          object: `person ${userId}`,
          detail: { failures, reason, event: /^[A-Za-z_]{1,60}$/.test(eventName) ? eventName : 'Other' },
        },
      ])
  }
}
