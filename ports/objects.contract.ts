/** What every object store must do. Links are followed over HTTP, as browsers do. */
import { createHash, randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { attachment, buckets, ObjectMissing, type ObjectStore, type SignedLink } from './objects.ts'
import { eventually } from '../test/eventually.ts'

const sha256 = (b: Uint8Array): string => createHash('sha256').update(b).digest('hex')
const text = (s: string): Uint8Array<ArrayBuffer> => new Uint8Array(Buffer.from(s))

/** Runs the suite against an empty store whose links work. */
export function objectsContract(
  name: string,
  open: () => Promise<{ objects: ObjectStore; close(): Promise<void> }>,
): void {
  describe(`objects: ${name}`, () => {
    let objects: ObjectStore
    let close: () => Promise<void>
    beforeAll(async () => {
      ;({ objects, close } = await open())
    })
    afterAll(async () => {
      await close()
    })
    const keys = async (prefix: string): Promise<string[]> => {
      const all: string[] = []
      for await (const key of objects.list('assets', prefix)) all.push(key)
      return all
    }
    const upload = (
      link: SignedLink,
      body: Uint8Array<ArrayBuffer>,
      headers: Record<string, string> = {},
    ): Promise<Response> => fetch(link.url, { method: link.method, headers: { ...link.headers, ...headers }, body })

    it('gives back bytes, size, type and digest', async () => {
      const bytes = new Uint8Array(randomBytes(100_000))
      await objects.put('assets', 'a/b.bin', bytes, 'application/octet-stream')
      expect(Buffer.compare(await objects.get('assets', 'a/b.bin'), bytes)).toBe(0)
      expect(await objects.head('assets', 'a/b.bin')).toEqual({
        size: 100_000,
        type: 'application/octet-stream',
        sha256: sha256(bytes),
      })
    })
    it('keeps an empty object', async () => {
      await objects.put('assets', 'empty', new Uint8Array(0), 'text/plain')
      expect(await objects.get('assets', 'empty')).toHaveLength(0)
      expect(await objects.head('assets', 'empty')).toMatchObject({ size: 0 })
    })
    it('replaces an object as a whole', async () => {
      await objects.put('assets', 'replaced', text('a longer text'), 'text/plain')
      await objects.put('assets', 'replaced', text('short'), 'text/html')
      expect(Buffer.from(await objects.get('assets', 'replaced')).toString()).toBe('short')
      expect(await objects.head('assets', 'replaced')).toMatchObject({ size: 5, type: 'text/html' })
    })
    it('says that there is none', async () => {
      await expect(objects.get('assets', 'none')).rejects.toThrow(ObjectMissing)
      await expect(objects.copy('assets', 'none', 'x', 'text/plain')).rejects.toThrow(ObjectMissing)
      expect(await objects.head('assets', 'none')).toBeUndefined()
      await objects.remove('assets', 'none')
      await objects.remove('assets', 'none/below/it')
    })
    it('keeps buckets apart', async () => {
      for (const bucket of buckets) await objects.put(bucket, 'same', text(bucket), 'text/plain')
      for (const bucket of buckets) expect(Buffer.from(await objects.get(bucket, 'same')).toString()).toBe(bucket)
      await objects.remove('sealed', 'same')
      expect(await objects.head('sealed', 'same')).toBeUndefined()
      expect(await objects.head('protected', 'same')).toBeDefined()
    })
    it('copies a protected object, and forgets one that is removed', async () => {
      await objects.put('protected', 'd/one', text('kept'), 'text/csv')
      await objects.copy('protected', 'd/one', 'd/two', 'text/csv')
      await objects.put('protected', 'd/one', text('replaced'), 'text/csv')
      expect([
        Buffer.from(await objects.get('protected', 'd/one')).toString(),
        Buffer.from(await objects.get('protected', 'd/two')).toString(),
      ]).toEqual(['replaced', 'kept'])
      await objects.remove('protected', 'd/one')
      await expect(objects.get('protected', 'd/one')).rejects.toThrow(ObjectMissing)
      const found: string[] = []
      for await (const key of objects.list('protected', 'd/')) found.push(key)
      expect(found).toEqual(['d/two'])
    })
    it('copies, and the copy is its own', async () => {
      await objects.put('assets', 'original', text('one'), 'text/css')
      await objects.copy('assets', 'original', 's/deep/er/kopie ü.css', 'text/plain')
      await objects.put('assets', 'original', text('two'), 'text/css')
      expect(Buffer.from(await objects.get('assets', 's/deep/er/kopie ü.css')).toString()).toBe('one')
      expect(await objects.head('assets', 's/deep/er/kopie ü.css')).toMatchObject({ size: 3, type: 'text/plain' })
      expect(await objects.head('assets', 'original')).toMatchObject({ type: 'text/css' })
    })
    it('takes every key that a study could name, and tells similar ones apart', async () => {
      const odd = [
        'k/a',
        'k/a/b',
        'k/A',
        'k/a.',
        'k/a b',
        'k/a+b',
        'k/a%20b',
        'k/ä',
        'k/a\u0308',
        'k/🧠',
        'k/.hidden',
        'k/con',
        'k/~',
        'k/a~',
        'k/&<>"\'',
        'k/a//b',
        'k/a/',
        `k/${'x'.repeat(300)}`,
        `k/${'ü'.repeat(300)}`,
      ]
      await Promise.all(odd.map((k) => objects.put('assets', k, text(k), 'text/plain')))
      for (const key of odd) expect(Buffer.from(await objects.get('assets', key)).toString(), key).toBe(key)
      expect(await keys('k/')).toEqual(odd.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))))
    })
    it('lists by any prefix, in order', async () => {
      const all = ['l/a/1', 'l/a/2', 'l/a2', 'l/b']
      for (const key of all.toReversed()) await objects.put('assets', key, text('x'), 'text/plain')
      expect(await keys('l/')).toEqual(all)
      expect(await keys('l/a')).toEqual(['l/a/1', 'l/a/2', 'l/a2'])
      expect(await keys('l/a/')).toEqual(['l/a/1', 'l/a/2'])
      expect(await keys('l/c')).toEqual([])
    })

    describe('a link to upload', () => {
      const body = text('the bytes that were promised')
      const what = { sha256: sha256(body), size: body.length, type: 'image/png' }
      it('takes exactly what it promises', async () => {
        const link = await objects.signedPut('sealed', 'up/ö 1.png', what, 60)
        expect(link.method).toBe('PUT')
        const response = await upload(link, body)
        expect(response.status, await response.text()).toBe(200)
        expect(await objects.head('sealed', 'up/ö 1.png')).toEqual({
          size: body.length,
          type: 'image/png',
          sha256: what.sha256,
        })
        expect((await upload(link, body)).status).toBe(200)
      })
      it('takes nothing else: other bytes, more, fewer, another type, no headers', async () => {
        const link = await objects.signedPut('sealed', 'up/bad', what, 60)
        const other = text('the bytes that were pr0mised')
        for (const [label, response] of [
          ['other bytes', await upload(link, other)],
          [
            'other bytes and their digest',
            await upload(link, other, {
              'x-amz-checksum-sha256': Buffer.from(sha256(other), 'hex').toString('base64'),
            }),
          ],
          ['fewer', await upload(link, body.slice(1))],
          ['more', await upload(link, text('the bytes that were promised!'))],
          ['none', await upload(link, text(''))],
          ['another type', await upload(link, body, { 'content-type': 'text/html' })],
          ['no headers', await fetch(link.url, { method: 'PUT', body })],
        ] as const)
          expect(response.status, label).toBeGreaterThanOrEqual(400)
        expect(await objects.head('sealed', 'up/bad')).toBeUndefined()
      })
      it('is for its key, bucket and method alone', async () => {
        const link = await objects.signedPut('sealed', 'up/mine', what, 60)
        await objects.put('sealed', 'up/mine', text('held'), 'text/plain')
        expect((await fetch(link.url)).status).toBeGreaterThanOrEqual(400)
        const { url: theirs } = await objects.signedPut('sealed', 'up/theirs', what, 60)
        const { url: elsewhere } = await objects.signedPut('assets', 'up/mine', what, 60)
        for (const to of [theirs, elsewhere]) {
          const mixed = new URL(to)
          mixed.search = new URL(link.url).search
          expect((await upload({ ...link, url: mixed.href }, body)).status).toBeGreaterThanOrEqual(400)
        }
        expect(await objects.head('sealed', 'up/theirs')).toBeUndefined()
      })
    })

    describe('a link to write', () => {
      it('takes whatever is sent, again and again, under its type', async () => {
        const link = await objects.signedWrite('quarantine', 'jobs/j/report ö.gz', 'application/gzip', 60)
        expect(link.method).toBe('PUT')
        for (const body of ['first', 'a longer second one', '']) {
          expect((await upload(link, text(body))).status).toBe(200)
          expect(Buffer.from(await objects.get('quarantine', 'jobs/j/report ö.gz')).toString()).toBe(body)
        }
        expect(await objects.head('quarantine', 'jobs/j/report ö.gz')).toMatchObject({
          size: 0,
          type: 'application/gzip',
        })
      })
      it('is for its key, bucket, type and method alone', async () => {
        const link = await objects.signedWrite('quarantine', 'jobs/k/report.gz', 'application/gzip', 60)
        expect((await upload(link, text('x'), { 'content-type': 'text/html' })).status).toBeGreaterThanOrEqual(400)
        expect((await fetch(link.url)).status).toBeGreaterThanOrEqual(400)
        expect((await fetch(link.url, { method: 'DELETE' })).status).toBeGreaterThanOrEqual(400)
        const others = [
          await objects.signedWrite('quarantine', 'jobs/other', 'application/gzip', 60),
          await objects.signedWrite('protected', 'jobs/k/report.gz', 'application/gzip', 60),
          await objects.signedPut(
            'quarantine',
            'jobs/k/report.gz',
            { sha256: sha256(text('x')), size: 1, type: 'application/gzip' },
            60,
          ),
        ]
        const mixed = others
          .map(({ url }) => Object.assign(new URL(url), { search: new URL(link.url).search }).href)
          .filter((url) => url !== link.url)
        for (const url of mixed) expect((await upload({ ...link, url }, text('x'))).status).toBeGreaterThanOrEqual(400)
        for (const n of new URL(link.url).searchParams.keys()) {
          const altered = new URL(link.url)
          altered.searchParams.delete(n)
          expect(
            (await upload({ ...link, url: altered.href }, text('x'))).status,
            `without ${n}`,
          ).toBeGreaterThanOrEqual(400)
        }
        expect(await objects.head('quarantine', 'jobs/k/report.gz')).toBeUndefined()
      })
    })

    describe('a link to download', () => {
      const body = text('0123456789')
      beforeAll(async () => {
        await objects.put('assets', 'down/ü.txt', body, 'text/plain')
      })
      it('gives the bytes, under a name if one was asked for', async () => {
        const filename = 'Größe "1"; é.csv'
        const response = await fetch((await objects.signedGet('assets', 'down/ü.txt', 60, filename)).url)
        expect(response.status).toBe(200)
        expect(response.headers.get('content-disposition')).toBe(attachment(filename))
        expect(response.headers.get('content-type')).toBe('text/plain')
        expect(await response.text()).toBe('0123456789')
      })
      it('gives a part', async () => {
        const { url } = await objects.signedGet('assets', 'down/ü.txt', 60)
        const part = async (range: string): Promise<[number, string | null, string]> => {
          const response = await fetch(url, { headers: { range } })
          return [response.status, response.headers.get('content-range'), await response.text()]
        }
        expect(await part('bytes=2-4')).toEqual([206, 'bytes 2-4/10', '234'])
        expect(await part('bytes=7-')).toEqual([206, 'bytes 7-9/10', '789'])
        expect(await part('bytes=-3')).toEqual([206, 'bytes 7-9/10', '789'])
        expect((await part('bytes=10-'))[0]).toBe(416)
      })
      it('is good for nothing once anything in it is altered', async () => {
        const { url } = await objects.signedGet('assets', 'down/ü.txt', 60, 'a.csv')
        const names = [...new URL(url).searchParams.keys()]
        expect(names.length).toBeGreaterThan(2)
        for (const n of names) {
          const altered = new URL(url)
          const value = altered.searchParams.get(n)!
          altered.searchParams.set(
            n,
            /^\d+$/.test(value) ? String(Number(value) + 1) : `${value.startsWith('x') ? 'y' : 'x'}${value.slice(1)}`,
          )
          expect((await fetch(altered)).status, n).toBeGreaterThanOrEqual(400)
          altered.searchParams.delete(n)
          expect((await fetch(altered)).status, `without ${n}`).toBeGreaterThanOrEqual(400)
        }
        expect((await fetch(url, { method: 'PUT', body })).status).toBeGreaterThanOrEqual(400)
        expect((await fetch(new URL(url).origin + new URL(url).pathname)).status).toBeGreaterThanOrEqual(400)
      })
      it('says when it expires and works no longer after that', async () => {
        const put = await objects.signedPut(
          'assets',
          'down/late',
          { sha256: sha256(body), size: 10, type: 'text/plain' },
          1,
        )
        const get = await objects.signedGet('assets', 'down/ü.txt', 1)
        await eventually('the link has expired', () => Date.now() > Date.parse(get.expires) + 1000)
        expect((await fetch(get.url)).status).toBe(403)
        expect((await upload(put, body)).status).toBe(403)
      })
      it('to what has gone is 404', async () => {
        const { url } = await objects.signedGet('assets', 'down/gone', 60)
        expect((await fetch(url)).status).toBe(404)
      })
    })
  })
}
