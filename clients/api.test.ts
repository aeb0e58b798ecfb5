/** Keys of requests that start something: the same until an answer comes, then a new one. */
import { describe, expect, it } from 'vitest'
import { type Client, type ClientOptions, createClient } from './api.ts'

const token = {
  tokenId: `tok_${'a'.repeat(32)}`,
  name: 'laptop',
  scopes: [],
  created: '2026-03-02T09:00:00.000Z',
  expires: '2026-06-02T09:00:00.000Z',
  madeBy: 'portal',
  secret: 's',
}
const problem = { kind: 'forbidden', status: 403, title: 'No', detail: 'No' }
type Answer = 'lost' | 'done' | 'refused' | 'broken'

/** A client whose requests come to these ends, one after the other, and the keys that it sent. */
function clientOf(answers: Answer[], more: Partial<ClientOptions> = {}): { client: Client; keys: (string | null)[] } {
  const keys: (string | null)[] = []
  const ends: Record<Exclude<Answer, 'lost'>, () => Response> = {
    done: () => Response.json(token, { status: 201 }),
    refused: () => Response.json(problem, { status: 403 }),
    broken: () => Response.json({ ...problem, kind: 'internal', status: 500 }, { status: 500 }),
  }
  const send: typeof fetch = async (_, init) => {
    keys.push(new Headers(init?.headers).get('idempotency-key'))
    const end = answers.shift()!
    if (end === 'lost') throw new TypeError('connection lost')
    return ends[end]()
  }
  return { client: createClient({ baseUrl: '', token: () => 't', fetch: send, ...more }), keys }
}
const make = (client: Client, name = 'laptop'): Promise<unknown> =>
  client.access.createToken({ body: { name, scopes: ['studies:read'] } }).catch((error: Error) => error)

describe('a request that starts something', () => {
  it('is sent again under its key for as long as no answer has come', async () => {
    const { client, keys } = clientOf(['lost', 'broken', 'done', 'done'])
    for (let time = 0; time < 4; time++) await make(client)
    expect(new Set(keys.slice(0, 3)).size).toBe(1)
    expect(keys[0]).toMatch(/^[0-9a-f-]{36}$/)
    expect(keys[3]).not.toBe(keys[0])
  })

  it('has another key when it asks for something else, or was refused', async () => {
    const { client, keys } = clientOf(['lost', 'done', 'refused', 'done'])
    await make(client)
    await make(client, 'desktop')
    await make(client, 'server')
    await make(client, 'server')
    expect(new Set(keys).size).toBe(4)
  })

  it('keeps its key over a restart of its program where that is kept', async () => {
    const unanswered = new Map<string, string>()
    const before = clientOf(['lost'], { unanswered })
    await make(before.client)
    const after = clientOf(['done'], { unanswered })
    await make(after.client)
    expect(after.keys).toEqual(before.keys)
    expect(unanswered.size).toBe(0)
  })

  it('is tried again by itself where that is wanted', async () => {
    const { client, keys } = clientOf(['lost', 'done'], { tries: 1 })
    expect(await make(client)).toMatchObject({ tokenId: token.tokenId })
    expect(keys[1]).toBe(keys[0])
  })

  it('takes the key it is given, and other requests have none', async () => {
    const { client, keys } = clientOf(['done', 'refused'])
    await client.access.createToken({
      body: { name: 'laptop', scopes: ['studies:read'] },
      headers: { 'idempotency-key': 'mine' },
    })
    await client.access.me().catch(() => undefined)
    expect(keys).toEqual(['mine', null])
  })
})
