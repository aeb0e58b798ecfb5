import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import fc from 'fast-check'
import { afterEach, describe, expect, it } from 'vitest'
import { fromAttribute, toAttribute } from '../../aws/attributes.ts'
import { storeAt } from './dynamo-http.ts'
import { eventually } from '../../../test/eventually.ts'

let server: Server | undefined
afterEach(() => {
  server?.closeAllConnections()
  server?.close()
  server = undefined
})
const listen = (answer: RequestListener, port = 0): Promise<number> =>
  new Promise((resolve) => {
    server = createServer(answer)
    server.listen(port, '127.0.0.1', () => resolve((server!.address() as AddressInfo).port))
  })

describe('values', () => {
  it('come back as they went', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(fromAttribute(toAttribute(value))).toEqual(JSON.parse(JSON.stringify(value)))
      }),
    )
  })
  it('are refused when JSON cannot carry them, without naming them', () => {
    for (const value of [Number.NaN, Infinity, 1n, () => 1])
      expect(() => toAttribute(value)).toThrow(/The table keeps no/)
  })
})

describe('the way to the store', () => {
  it('is tried again when a connection breaks or the store fails', async () => {
    let seen = 0
    const port = await listen((request, response) => {
      seen++
      if (seen === 1) return void request.socket.destroy()
      if (seen === 2) return void response.writeHead(500).end('{}')
      response.end('{"Item":{"pk":{"S":"A"},"n":{"N":"1"}}}')
    })
    expect(await storeAt(`http://127.0.0.1:${port}`)('GetItem', { TableName: 't', Key: { pk: 'A', sk: 'B' } })).toEqual(
      { Item: { pk: 'A', n: 1 } },
    )
    expect(seen).toBe(3)
  })
  it('is tried again until a store that is down listens again', async () => {
    const port = await listen(() => {})
    await new Promise((r) => server!.close(r))
    let attempts = 0
    const count = (): void => {
      attempts++
    }
    subscribe('http.client.request.start', count)
    const asked = storeAt(`http://127.0.0.1:${port}`)('GetItem', { TableName: 't' })
    await eventually('it was tried in vain', () => attempts > 2)
    unsubscribe('http.client.request.start', count)
    await listen((_, response) => void response.end('{}'), port)
    expect(await asked).toEqual({})
  })
  it('passes a refusal on at once, by its name and without its message', async () => {
    let seen = 0
    const port = await listen((_, response) => {
      seen++
      response
        .writeHead(400)
        .end('{"__type":"com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException","message":"secret"}')
    })
    const error = await storeAt(`http://127.0.0.1:${port}`)('PutItem', {
      TableName: 't',
      Item: { pk: 'A', sk: 'B' },
    }).catch((x: unknown) => x)
    expect(error).toMatchObject({ name: 'ConditionalCheckFailedException' })
    expect(String(error)).not.toContain('secret')
    expect(seen).toBe(1)
  })
})
