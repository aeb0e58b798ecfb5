/**
 * Objects of version 0.1.0, which had no records: a file was one line of JSON and then the bytes, and in the bucket
 * `protected` the line named a file beside it. Each is read once and recorded where it lies.
 */
import { createHash, randomUUID } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { mkdir, open, rename, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { buckets } from '../../ports/objects.ts'
import { absent } from './object-files.ts'
import { filesIn, objectOfFile, type ObjectRecord, type ObjectRecords } from './object-records.ts'

const longestLine = 1024

async function firstLine(file: string): Promise<{ text: string; bytes: number } | undefined> {
  const handle = await open(file, 'r')
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(longestLine), 0, longestLine, 0)
    const end = buffer.subarray(0, bytesRead).indexOf(10)
    return end < 0 ? undefined : { text: buffer.toString('utf8', 0, end), bytes: end + 1 }
  } finally {
    await handle.close()
  }
}

/** What is to be recorded of a file; undefined for one that is not whole. */
async function recordOf(file: string): Promise<ObjectRecord | undefined> {
  const line = await firstLine(file)
  if (!line) return undefined
  const said = JSON.parse(line.text) as { type: string; sha256?: string; plain?: string }
  const [name, start] = said.plain === undefined ? ['', line.bytes] : [said.plain, 0]
  const bytes = name === '' ? file : `${file}.${name}`
  const hash = createHash('sha256')
  for await (const chunk of createReadStream(bytes, { start })) hash.update(chunk as Buffer)
  const sha256 = hash.digest('hex')
  // What it was stored as is what it must be: the whole check will name it.
  return { type: said.type, size: (await stat(bytes)).size - start, sha256: said.sha256 ?? sha256, name, start }
}

/** Out of the way, and kept: nothing says what was in it. */
async function putAside(folder: string, file: string): Promise<void> {
  const aside = join(folder, '.unreadable')
  await mkdir(aside, { recursive: true, mode: 0o700 })
  await rename(file, join(aside, randomUUID()))
}

/**
 * Records every object that has none, once in the life of a home. Safe to be killed, and begun again. Files that cannot
 * be read are kept in the folder `.unreadable`; answers how many these are.
 */
export async function adoptFiles(folder: string, records: ObjectRecords): Promise<number> {
  if (await records.areAdopted()) return 0
  let unreadable = 0
  for (const bucket of buckets)
    for (const way of await filesIn(folder, bucket)) {
      const object = objectOfFile(way)
      if (object?.name !== '' || (await records.get(bucket, object.key))) continue
      const file = join(folder, bucket, ...way)
      const record = await recordOf(file).catch((error: unknown) => {
        if (error instanceof SyntaxError || absent(error)) return undefined
        throw error
      })
      if (record) await records.put(bucket, object.key, record)
      else {
        await putAside(folder, file)
        unreadable++
      }
    }
  await records.adopted()
  return unreadable
}
