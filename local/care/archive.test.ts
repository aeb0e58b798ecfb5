import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { ArchiveDamaged, type Listed, type Manifest, packed, type Source, unpacked } from './archive.ts'

let folder = ''
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cloister-archive-'))
  await writeFile(join(folder, 'small'), 'few bytes')
  await writeFile(join(folder, 'large'), Buffer.alloc(3_000_000, 'large'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const manifestOf = (files: Listed[]): Manifest => ({
  kind: 'cloister-backup',
  format: 1,
  created: '2026-03-01T00:00:00.000Z',
  store: { id: 's', commits: 1, items: 1, digest: '0' },
  files,
  missing: [],
})
async function* sources(): AsyncGenerator<Source> {
  yield { name: 'a/small', file: join(folder, 'small') }
  yield { name: 'large', file: join(folder, 'large') }
  yield { name: 'part', file: join(folder, 'small'), start: 4, size: 5 }
}
async function all(source: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const parts: Uint8Array[] = []
  for await (const part of source) parts.push(part)
  return Buffer.concat(parts)
}
async function* inPieces(bytes: Buffer): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += 50_000) yield bytes.subarray(at, at + 50_000)
}
const read = (archive: AsyncIterable<Uint8Array>): Promise<Map<string, number>> => {
  const sizes = new Map<string, number>()
  return unpacked(archive, async (name, body) => void sizes.set(name, (await all(body)).length)).then(() => sizes)
}

it('an archive gives back the files it was made of', async () => {
  const sizes = await read(inPieces(await all(packed(sources(), manifestOf, () => {}))))
  expect([...sizes]).toEqual([
    ['a/small', 9],
    ['large', 3_000_000],
    ['part', 5],
  ])
})

it('one that lists other files, or none, is not taken', async () => {
  for (const list of [
    (files: Listed[]) => files.slice(1),
    (files: Listed[]) => [...files, files[0]!],
    (files: Listed[]) => files.map((one) => ({ ...one, sha256: '00' })),
  ])
    await expect(
      read(
        packed(
          sources(),
          (files) => manifestOf(list(files)),
          () => {},
        ),
      ),
    ).rejects.toThrow(ArchiveDamaged)
  async function* climbing(): AsyncGenerator<Source> {
    yield { name: '../out', file: join(folder, 'small') }
  }
  await expect(read(packed(climbing(), manifestOf, () => {}))).rejects.toThrow(ArchiveDamaged)
})

it('where the source of an archive fails, that is what is said, wherever it happens', async () => {
  const whole = await all(packed(sources(), manifestOf, () => {}))
  async function* failing(after: number): AsyncGenerator<Uint8Array> {
    yield* inPieces(whole.subarray(0, after))
    throw new Error('the seal is broken')
  }
  for (const after of [0, 600, 100_000, 2_000_000, whole.length])
    await expect(read(failing(after)), `after ${after}`).rejects.toThrow('the seal is broken')
})
