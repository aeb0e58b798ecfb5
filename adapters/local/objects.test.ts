import { createHash, randomBytes, randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { basename, dirname, join, relative, sep } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { Readable } from 'node:stream'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ObjectDamaged } from '../../ports/objects.ts'
import { objectsContract } from '../../ports/objects.contract.ts'
import type { Table } from '../../ports/table.ts'
import { type LocalObjects, localObjects } from './objects.ts'
import type { Seal } from './seal.ts'
import { UploadRefused } from './object-files.ts'
import { keyOfNames, pathOfKey } from './paths.ts'
import { testObjects } from './testing.ts'
import { byteRange, serveObject } from './serve-object.ts'

async function host(
  seal?: Seal,
): Promise<{ objects: LocalObjects; table: Table; folder: string; close(): Promise<void> }> {
  const root = await mkdtemp(join(tmpdir(), 'cloister-objects-'))
  const folder = join(root, 'objects')
  const server = createServer((request, response) => {
    void (async () => {
      const answer = await serveObject(objects, request)
      response.writeHead(answer.status, answer.headers)
      if (answer.body instanceof Readable) await pipeline(answer.body, response)
      else response.end(answer.body)
    })().catch(() => response.destroy())
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const made = testObjects(folder, `http://127.0.0.1:${(server.address() as AddressInfo).port}`, seal)
  const { objects, table } = made
  return {
    objects,
    table,
    folder,
    async close() {
      made.close()
      server.close()
      server.closeAllConnections()
      await rm(root, { recursive: true })
    },
  }
}

objectsContract('folder', () => host())
objectsContract('sealed folder', () => host({ key: randomBytes(32), writes: true }))

describe('paths', () => {
  const key = fc
    .oneof(
      fc.string({ unit: 'binary', maxLength: 80 }),
      fc
        .array(
          fc.constantFrom(
            '..',
            '.',
            '',
            'a',
            'A',
            '~',
            '+',
            'a+',
            'a~',
            '\\',
            '\0',
            'C:',
            'ü',
            '%',
            '%2e',
            'x'.repeat(250),
          ),
          { maxLength: 6 },
        )
        .map((p) => p.join('/')),
    )
    .map((k) => k.toWellFormed())
  it('stay below their folder, whatever the key, and read back as the key', () =>
    fc.assert(
      fc.property(key, (name) => {
        const path = pathOfKey('/base/assets', name)
        const names = relative('/base/assets', path).split(sep)
        expect(names.length).toBeGreaterThan(0)
        for (const n of names) {
          expect(n).toMatch(/^[a-z0-9_%-][a-z0-9_.%-]*[+~]?$|^%?~$/)
          expect(n.length).toBeLessThanOrEqual(255)
        }
        expect(keyOfNames(names)).toBe(name)
      }),
      { numRuns: 500 },
    ))
  it('of different keys are different, and none is another’s folder', () =>
    fc.assert(
      fc.property(key, key, (one, other) => {
        fc.pre(one !== other)
        const [onePath, otherPath] = [pathOfKey('/b', one), pathOfKey('/b', other)]
        expect(onePath.toLowerCase()).not.toBe(otherPath.toLowerCase())
        expect(otherPath.startsWith(`${onePath}/`)).toBe(false)
      }),
      { numRuns: 500 },
    ))
})

describe('the folder', () => {
  let hosted: Awaited<ReturnType<typeof host>>
  beforeAll(async () => {
    hosted = await host()
  })
  afterAll(async () => {
    await hosted.close()
  })

  it('keeps keys that point elsewhere inside', async () => {
    for (const hostile of ['../../escape', '/etc/passwd', '..', '.', 'a/../../../b', '..\\..\\x', 'x\0y', '']) {
      await hosted.objects.put('assets', hostile, Buffer.from(hostile), 'text/plain')
      expect(Buffer.from(await hosted.objects.get('assets', hostile)).toString()).toBe(hostile)
      const link = await hosted.objects.signedGet('assets', hostile, 60)
      expect(await (await fetch(link.url)).text()).toBe(hostile)
    }
    expect(await readdir(join(hosted.folder, '..'))).toEqual(['objects'])
    expect((await readdir(hosted.folder)).sort()).toEqual(['.incoming', 'assets'])
  })
  it('streams a large object in and out', async () => {
    const piece = randomBytes(1 << 20)
    const count = 48
    const hash = createHash('sha256')
    for (let i = 0; i < count; i++) hash.update(piece)
    const what = { sha256: hash.digest('hex'), size: piece.length * count, type: 'video/mp4' }
    const link = await hosted.objects.signedPut('assets', 'large', what, 60)
    async function* pieces(): AsyncGenerator<Uint8Array> {
      for (let i = 0; i < count; i++) yield piece
    }
    const response = await fetch(link.url, {
      method: 'PUT',
      headers: link.headers,
      body: Readable.toWeb(Readable.from(pieces())) as unknown as ReadableStream,
      duplex: 'half',
    } as RequestInit)
    expect(response.status).toBe(200)
    const back = createHash('sha256')
    for await (const chunk of (await fetch((await hosted.objects.signedGet('assets', 'large', 60)).url))
      .body as unknown as AsyncIterable<Uint8Array>)
      back.update(chunk)
    expect(back.digest('hex')).toBe(what.sha256)
  })
  it('stops reading an upload that is too long, and leaves nothing of one that failed', async () => {
    let read = 0
    async function* endless(): AsyncGenerator<Uint8Array> {
      for (;;) {
        read++
        yield new Uint8Array(1000)
      }
    }
    await expect(
      hosted.objects.store('assets', 'endless', endless(), { sha256: '0'.repeat(64), size: 5000, type: 'x/y' }),
    ).rejects.toThrow(UploadRefused)
    expect(read).toBeLessThan(10)
    async function* broken(): AsyncGenerator<Uint8Array> {
      throw new Error('connection lost')
    }
    await expect(
      hosted.objects.store('assets', 'endless', broken(), { sha256: '0'.repeat(64), size: 5000, type: 'x/y' }),
    ).rejects.toThrow('connection lost')
    expect(await hosted.objects.head('assets', 'endless')).toBeUndefined()
    expect(await readdir(join(hosted.folder, '.incoming'))).toEqual([])
  })
  it('keeps the bytes of an object in a file of its own, and only files that a record names', async () => {
    const bytes = randomBytes(1000)
    const folder = join(hosted.folder, 'protected')
    const files = async (): Promise<string[]> =>
      (await readdir(folder, { recursive: true, withFileTypes: true })).filter((e) => e.isFile()).map((e) => e.name)
    expect(await hosted.objects.plainFile('protected', 'd/a.parquet')).toBeUndefined()
    await Promise.all([
      hosted.objects.put('protected', 'd/a.parquet', Buffer.from('old'), 'x/y'),
      hosted.objects.put('assets', 'other', Buffer.from('x'), 'x/y'),
    ])
    const old = (await hosted.objects.plainFile('protected', 'd/a.parquet'))!
    expect(await readFile(old, 'utf8')).toBe('old')
    await hosted.objects.put('protected', 'd/a.parquet', bytes, 'x/y')
    const now = (await hosted.objects.plainFile('protected', 'd/a.parquet'))!
    expect(Buffer.compare(await readFile(now), bytes)).toBe(0)
    expect(await files()).toEqual([basename(now)])
    // As after a kill between the two steps of a write, and before the last of a replacement.
    await writeFile(old, 'left')
    await writeFile(join(folder, 'd', `gone~.${randomUUID()}`), 'left')
    expect(await hosted.objects.tidy()).toEqual({ removed: 2, unreadable: 0 })
    expect(await files()).toEqual([basename(now)])
    await hosted.objects.remove('protected', 'd/a.parquet')
    expect(await files()).toEqual([])
  })
  it('says of an object that it is missing, cut, longer, changed or another', async () => {
    const read = async (key: string): Promise<string> =>
      hosted.objects.get('protected', key).then(
        () => 'well',
        (e: unknown) => (e instanceof ObjectDamaged ? `${e.fault} ${e.key}` : String(e)),
      )
    for (const key of ['e/one', 'e/two']) await hosted.objects.put('protected', key, randomBytes(100), 'x/y')
    const [one, two] = await Promise.all(
      ['e/one', 'e/two'].map(async (key) => (await hosted.objects.plainFile('protected', key))!),
    )
    const whole = await readFile(one!)
    expect(await read('e/one')).toBe('well')
    for (const [bytes, said] of [
      [whole.subarray(0, 99), 'size'],
      [Buffer.concat([whole, whole]), 'size'],
      [Buffer.alloc(0), 'size'],
      [Buffer.from(whole.map((byte, i) => (i === 50 ? byte ^ 1 : byte))), 'bytes'],
      [await readFile(two!), 'bytes'],
    ] as const) {
      await writeFile(one!, bytes)
      expect(await read('e/one')).toBe(`${said} e/one`)
    }
    await rm(one!)
    expect(await read('e/one')).toBe('missing e/one')
    await expect(hosted.objects.plainFile('protected', 'e/one')).rejects.toThrow(ObjectDamaged)
    expect(await read('e/two')).toBe('well')
  })
  it('leaves files where they are for as long as a backup reads them', async () => {
    let held = true
    const { folder, table } = hosted
    const objects = localObjects({ folder, table, baseUrl: '', secret: randomBytes(32), held: async () => held })
    await objects.put('sealed', 'held', Buffer.from('old'), 'x/y')
    const old = (await objects.plainFile('sealed', 'held'))!
    await objects.put('sealed', 'held', Buffer.from('new'), 'x/y')
    await objects.release()
    expect(await readFile(old, 'utf8')).toBe('old')
    held = false
    await objects.release()
    await expect(stat(old)).rejects.toThrow('ENOENT')
  })
  it('cuts an upload off that is longer than a link to write allows', async () => {
    async function* endless(): AsyncGenerator<Uint8Array> {
      for (;;) yield new Uint8Array(1000)
    }
    await expect(
      hosted.objects.storeAny('quarantine', 'endless', endless(), { most: 5000, type: 'x/y' }),
    ).rejects.toThrow(UploadRefused)
    expect(await hosted.objects.head('quarantine', 'endless')).toBeUndefined()
    const link = await hosted.objects.signedWrite('quarantine', 'endless', 'x/y', 60)
    const larger = new URL(link.url)
    larger.searchParams.set('most', '1000000000000')
    expect((await fetch(larger, { method: 'PUT', headers: link.headers, body: 'x' })).status).toBe(403)
  })
  it('serves what was stored as nobody’s page', async () => {
    await hosted.objects.put('assets', 'page', Buffer.from('<script>alert(1)</script>'), 'text/html')
    const response = await fetch((await hosted.objects.signedGet('assets', 'page', 60)).url)
    expect(response.headers.get('content-disposition')).toBe('attachment')
    expect(response.headers.get('content-security-policy')).toContain('sandbox')
    expect(response.headers.get('x-content-type-options')).toBe('nosniff')
  })
  it('answers HEAD with the size and no bytes', async () => {
    const response = await fetch((await hosted.objects.signedGet('assets', 'page', 60)).url, { method: 'HEAD' })
    expect([response.status, response.headers.get('content-length'), await response.text()]).toEqual([200, '25', ''])
  })
  it('refuses what is no link at all', async () => {
    const { origin } = new URL((await hosted.objects.signedGet('assets', 'page', 60)).url)
    for (const path of [
      '/objects/',
      '/objects/assets',
      '/objects/assets/cGFnZQ',
      '/objects/nobucket/cGFnZQ?expires=9999999999&signature=x',
      '/objects/assets/../../etc/passwd?expires=9',
      '/elsewhere',
    ])
      expect((await fetch(origin + path)).status, path).toBe(403)
  })
  it.runIf(process.platform !== 'win32')('writes files for its owner alone', async () => {
    const file = (await hosted.objects.plainFile('assets', 'page'))!
    expect((await stat(file)).mode & 0o077).toBe(0)
  })
})

it('a Range is read as RFC 9110 says', () => {
  for (const [header, expected] of [
    [undefined, undefined],
    ['bytes=0-0', [0, 0]],
    ['bytes=2-', [2, 9]],
    ['bytes=-4', [6, 9]],
    ['bytes=-40', [0, 9]],
    ['bytes=0-99', [0, 9]],
    ['bytes=5-4', undefined],
    ['bytes=-', undefined],
    ['bytes=-0', 'unsatisfiable'],
    ['bytes=10-', 'unsatisfiable'],
    ['bytes=1-2,4-5', undefined],
    ['items=0-1', undefined],
  ] as const)
    expect(byteRange(header, 10), header).toEqual(expected)
  expect(byteRange('bytes=0-', 0)).toBe('unsatisfiable')
})

it('objects of version 0.1.0 are recorded where they lie, once; what cannot be read is kept aside', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'cloister-adoption-'))
  const { objects, table, close } = testObjects(folder)
  const write = async (bucket: string, key: string, line: object, bytes: string, name?: string): Promise<void> => {
    const path = pathOfKey(join(folder, bucket), key)
    await mkdir(dirname(path), { recursive: true })
    await writeFile(path, `${JSON.stringify({ ...line, plain: name })}\n${name === undefined ? bytes : ''}`)
    if (name !== undefined) await writeFile(`${path}.${name}`, bytes)
  }
  await write('assets', 's/index.html', { type: 'text/html' }, 'a page')
  await write('protected', 'd/a.parquet', { type: 'x/y' }, 'rows', randomUUID())
  await mkdir(join(folder, 'released'))
  await writeFile(join(folder, 'released', 'odd~'), 'no line')
  expect(await objects.tidy()).toEqual({ removed: 1, unreadable: 1 })
  expect(Buffer.from(await objects.get('assets', 's/index.html')).toString()).toBe('a page')
  expect(await readFile((await objects.plainFile('protected', 'd/a.parquet'))!, 'utf8')).toBe('rows')
  expect(await objects.head('assets', 's/index.html')).toMatchObject({ size: 6, type: 'text/html' })
  expect(await readdir(join(folder, '.unreadable'))).toHaveLength(1)
  // Replaced, it has a file as every other.
  await objects.put('assets', 's/index.html', Buffer.from('another'), 'text/html')
  expect(await objects.tidy()).toEqual({ removed: 0, unreadable: 0 })
  expect(Buffer.from(await objects.get('assets', 's/index.html')).toString()).toBe('another')
  // From then on a file without a record is nobody's.
  await write('assets', 'later', { type: 'text/html' }, 'x')
  expect(await localObjects({ folder, table, baseUrl: '', secret: randomBytes(32) }).tidy()).toMatchObject({
    removed: 1,
  })
  close()
  await rm(folder, { recursive: true })
})
