import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { sha256Hex } from '../domain/hash.ts'
import { ProblemError, type Client } from './api.ts'
import { type Asset, hashFile, publishStudy, type PublishProgress, type Send, UploadFailed } from './publish.ts'
import { Sha256Stream } from './sha256-stream.ts'

/** A server that keeps what was sent, and can lose connections. */
function server(present: string[] = []) {
  const stored = new Set(present)
  const published: { assets: Asset[]; expects?: number }[] = []
  let asked = 0
  const studies = {
    uploads: async ({ body }: { body: { assets: Asset[] } }) => {
      asked++
      return {
        assets: body.assets.map(({ path, sha256 }) =>
          stored.has(sha256)
            ? { path, sha256, present: true }
            : { path, sha256, present: false, upload: { method: 'PUT', url: sha256, headers: {}, expires: '' } },
        ),
      }
    },
    publish: async ({ body }: { body: { assets: Asset[]; expects?: number } }) => {
      published.push(body)
      return { version: published.length }
    },
  }
  const send: Send = async (link, data, sent) => {
    stored.add(link.url)
    sent(data instanceof Blob ? data.size : data.length)
  }
  return { client: { studies } as unknown as Client, stored, published, send, asked: () => asked }
}
const file = (path: string, text: string) => ({ path, data: new TextEncoder().encode(text) })

describe('hashing in pieces', () => {
  it('answers what Web Crypto answers, however the pieces fall', () =>
    fc.assert(
      fc.asyncProperty(fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 8 }), async (pieces) => {
        const stream = new Sha256Stream()
        for (const piece of pieces) stream.update(piece)
        expect(stream.digest()).toBe(await sha256Hex(Uint8Array.from(pieces.flatMap((p) => [...p]))))
      }),
    ))
  it('is used for large files', async () => {
    const large = new Uint8Array(70 * 1024 * 1024).fill(7)
    const seen: number[] = []
    expect(await hashFile(new Blob([large]), (n) => seen.push(n))).toBe(await sha256Hex(large))
    expect(seen.length).toBe(3)
    expect(seen.at(-1)).toBe(large.length)
  })
})

describe('publishing', () => {
  it('uploads what is missing, keeps what stays, replaces what changed', async () => {
    const host = server([await sha256Hex('same')])
    const sent: string[] = []
    const kept: Asset[] = [
      { path: 'old.png', sha256: 'a'.repeat(64), size: 1, type: 'image/png' },
      { path: 'b.txt', sha256: 'b'.repeat(64), size: 1, type: 'text/plain' },
    ]
    await publishStudy(host.client, {
      studyId: 'std',
      configuration: {},
      files: [file('b.txt', 'new'), file('a.txt', 'same')],
      kept,
      expects: 3,
      send: (link, ...rest) => {
        sent.push(link.url)
        return host.send(link, ...rest)
      },
    })
    expect(sent).toEqual([await sha256Hex('new')])
    expect(host.published[0]!.assets.map((a) => [a.path, a.sha256.slice(0, 4)])).toEqual([
      ['a.txt', (await sha256Hex('same')).slice(0, 4)],
      ['b.txt', (await sha256Hex('new')).slice(0, 4)],
      ['old.png', 'aaaa'],
    ])
    expect(host.published[0]!.expects).toBe(3)
  })
  it('reports bytes that only grow and end at the total', async () => {
    const host = server()
    const told: PublishProgress[] = []
    await publishStudy(host.client, {
      studyId: 'std',
      configuration: {},
      files: Array.from({ length: 9 }, (_, i) => file(`f${i}`, 'x'.repeat(i * 10))),
      send: host.send,
      progress: (p) => told.push(p),
    })
    for (const [before, { sent, hashed }] of told.slice(1).entries()) {
      expect(sent).toBeGreaterThanOrEqual(told[before]!.sent)
      expect(hashed).toBeGreaterThanOrEqual(told[before]!.hashed)
    }
    expect(told.at(-1)).toMatchObject({ stage: 'done', total: 360, sent: 360, hashed: 360 })
  })
  it('asks for a fresh link when one fails, and gives up after three', async () => {
    const host = server()
    let fails = 2
    const flaky: Send = async (...sending) => {
      if (fails-- > 0) throw new UploadFailed(403)
      return host.send(...sending)
    }
    await publishStudy(host.client, { studyId: 'std', configuration: {}, files: [file('a', 'a')], send: flaky })
    expect(host.asked()).toBe(3)
    fails = 3
    await expect(
      publishStudy(host.client, { studyId: 'std', configuration: {}, files: [file('b', 'b')], send: flaky }),
    ).rejects.toBeInstanceOf(UploadFailed)
    expect(host.published.length).toBe(1)
  })
  it('takes bytes that arrived although the answer was lost', async () => {
    const host = server()
    const lost: Send = async (link, data, sent) => {
      await host.send(link, data, sent)
      throw new UploadFailed(0)
    }
    await publishStudy(host.client, { studyId: 'std', configuration: {}, files: [file('a', 'a')], send: lost })
    expect(host.published.length).toBe(1)
  })
  it('passes on the server’s problem', async () => {
    const host = server()
    const refuses = {
      studies: {
        ...host.client.studies,
        publish: async () => {
          throw new ProblemError(
            { detail: 'no', status: 422, errors: [{ path: '/configuration/timeline/0/type', message: 'unknown' }] },
            'invalid-configuration',
          )
        },
      },
    } as unknown as Client
    await expect(publishStudy(refuses, { studyId: 'std', configuration: {}, files: [] })).rejects.toMatchObject({
      kind: 'invalid-configuration',
    })
  })
})
