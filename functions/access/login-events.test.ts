import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ChainEvent } from '../../domain/audit/chain.ts'
import { keyOf } from '../kernel/items.ts'
import { type Harness, harness } from '../kernel/testing.ts'
import { createLoginEvents } from './login-events.ts'
import { emailKey } from './session.ts'
import { eventsIn } from '../kernel/testing/chain.ts'

let on: Harness
beforeAll(async () => {
  on = await harness()
})
afterAll(async () => {
  await on.close()
})

const failures = (organisationId: string): Promise<ChainEvent[]> => eventsIn(on.deps.table, organisationId)
/** As CloudTrail writes it (trimmed). */
const cognito = (additionalEventData: object, more: object = {}): object => ({
  source: 'aws.cognito-idp',
  'detail-type': 'AWS API Call via CloudTrail',
  detail: {
    eventSource: 'cognito-idp.amazonaws.com',
    eventName: 'InitiateAuth',
    errorCode: 'NotAuthorizedException',
    errorMessage: 'Incorrect username or password.',
    userIdentity: { type: 'Unknown' },
    requestParameters: { authParameters: 'HIDDEN_DUE_TO_SECURITY_REASONS' },
    additionalEventData,
    ...more,
  },
})

describe('a failed sign-in', () => {
  it('is written to the chain of each organisation, once a minute, with the number since', async () => {
    const first = await on.organisation('A', { ada: ['admin'] })
    const second = await on.organisation('B', { ada: ['analyst'] })
    const handle = createLoginEvents(on.deps)
    await Promise.all(Array.from({ length: 8 }, () => handle(cognito({ sub: 'user-ada' }))))
    const told = (await failures(first.organisationId)).reduce((n, e) => n + Number(e.detail['failures']), 0)
    expect(await failures(first.organisationId)).toHaveLength(1)
    on.clock.advance(60)
    await handle(cognito({ sub: 'user-ada' }))
    for (const organisation of [first, second]) {
      const events = await failures(organisation.organisationId)
      expect(events).toMatchObject([
        { act: 'login.failed', object: 'person user-ada', who: { kind: 'platform', id: 'sign-in' } },
        { detail: { failures: 9 - told, reason: 'NotAuthorizedException', event: 'InitiateAuth' } },
      ])
    }
  })
  it('finds the person by address too, whatever its case', async () => {
    const { organisationId } = await on.organisation('C', { bea: ['admin'] })
    await on.deps.table.update(keyOf.person('user-bea'), {
      set: { gpk: await emailKey('bea@lab.example'), gsk: 'PROFILE#user-bea' },
    })
    await createLoginEvents(on.deps)(cognito({ email: 'Bea@Lab.Example' }))
    expect(await failures(organisationId)).toMatchObject([{ object: 'person user-bea', detail: { failures: 1 } }])
  })
  it('of somebody unknown is counted in the log, and what was typed is written nowhere', async () => {
    const { organisationId } = await on.organisation('D', { dan: ['admin'] })
    const handle = createLoginEvents(on.deps)
    on.logs.length = 0
    await handle(cognito({ email: 'hunter2-secret', sub: 'hunter2-secret' }))
    await handle(cognito({ sub: 'user-dan' }, { eventName: 'hunter2 secret', errorCode: 'hunter2-secret' }))
    expect(JSON.stringify([on.logs, await failures(organisationId)])).not.toContain('hunter2')
    expect(on.logs).toMatchObject([
      { event: 'login-failed', known: false },
      { event: 'login-failed', known: true },
    ])
  })
  it('that succeeded or cannot be read is nothing', async () => {
    const { organisationId } = await on.organisation('E', { eli: ['admin'] })
    const handle = createLoginEvents(on.deps)
    await handle(cognito({ sub: 'user-eli' }, { errorCode: undefined }))
    for (const bad of [undefined, null, {}, { detail: null }, 'x', cognito([])]) await handle(bad)
    expect(await failures(organisationId)).toEqual([])
  })
})
