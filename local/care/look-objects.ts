/** The objects of a home against their records: there, as long as they were, and the same to the last byte. */
import { createHash } from 'node:crypto'
import { open, readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Finding } from '../../domain/care/finding.ts'
import { filesIn, fileOf, formOf, objectOfFile } from '../../adapters/local/object-records.ts'
import type { Seal } from '../../adapters/local/seal.ts'
import { SealBroken } from '../../runner/seal-words.ts'
import { allEntities } from '../../contracts/index.ts'
import { escaped } from '../../contracts/template.ts'
import { buckets, type ObjectFault } from '../../ports/objects.ts'
import type { NamedObject, RecordedObject } from './look-items.ts'

const words: Record<ObjectFault, string> = {
  missing: 'is missing',
  size: 'has another size than it had',
  bytes: 'holds other bytes than it did',
}

/** Places of objects as the entities declare them: what belongs there, and how its key begins. */
const places = allEntities.flatMap(({ entity: { declaration } }) =>
  Object.keys(declaration.objects ?? {}).map((place) => ({
    what: declaration.what,
    pattern: new RegExp(
      `^${place
        .split(/\{\w+(?::\d+)?\}/)
        .map(escaped)
        .join('([^/]+)')}`,
    ),
  })),
)

/** Whose an object is, in the words of the entities: `dataset dst_…`. */
export function belongsTo(bucket: string, key: string): string {
  const found = places
    .map(({ what, pattern }) => ({ what, match: pattern.exec(`${bucket}/${key}`) }))
    .filter(({ match }) => match !== null)
    .sort((a, b) => b.match![0].length - a.match![0].length)[0]
  return found ? `${found.what} ${found.match!.slice(1).join(' ')}` : 'no item that is known'
}

const named = ({ bucket, key }: { bucket: string; key: string }): string =>
  `The object ${bucket}/${key} (of ${belongsTo(bucket, key)})`
/** What is said of an object that is not as it was. */
export const lostObject = (object: { bucket: string; key: string }, fault: ObjectFault): Finding => ({
  part: 'objects',
  says: `${named(object)} ${words[fault]}.`,
  todo: 'Restore it from a backup of this home.',
  grade: 'damage',
})

/** Where objects lie, and their seal where they have one. */
export interface Placed {
  folder: string
  seal: Seal | undefined
}

/** How an object is, looked at by size, or by every byte. */
export async function faultOf(
  { folder, seal }: Placed,
  { bucket, key, record }: RecordedObject,
  how: 'quick' | 'whole',
): Promise<ObjectFault | undefined> {
  const file = fileOf(folder, bucket, key, record)
  const size = await stat(file).then(
    (stats) => stats.size,
    () => undefined,
  )
  if (size === undefined) return 'missing'
  const form = formOf(seal, bucket, key, record)
  if (size !== form.fileSize(record.size)) return 'size'
  if (how === 'quick') return undefined
  const hash = createHash('sha256')
  const handle = await open(file, 'r')
  try {
    for await (const chunk of form.read(handle, record.size, 0, record.size)) hash.update(chunk)
  } catch (e) {
    if (e instanceof SealBroken) return 'bytes'
    throw e
  } finally {
    await handle.close()
  }
  return hash.digest('hex') === record.sha256 ? undefined : 'bytes'
}

/** Every record's object. `stillThere` says whether the table names it still: a host may be at work. */
export async function lookAtObjects(
  placed: Placed,
  objects: readonly RecordedObject[],
  how: 'quick' | 'whole',
  stillThere: (object: RecordedObject) => boolean,
  progress: (bytes: number) => void,
): Promise<Finding[]> {
  const findings: Finding[] = []
  for (const object of objects) {
    const fault = await faultOf(placed, object, how)
    if (fault && stillThere(object)) findings.push(lostObject(object, fault))
    progress(object.record.size)
  }
  return findings
}

/** Objects that items name and that have no record, or another's. */
export function lookAtNames(all: readonly NamedObject[], objects: readonly RecordedObject[]): Finding[] {
  const recorded = new Map(objects.map(({ bucket, key, record }) => [`${bucket}/${key}`, record]))
  return all.flatMap((one) => {
    const record = recorded.get(`${one.bucket}/${one.key}`)
    if (record?.sha256 === one.sha256 && record.size === one.size) return []
    return [lostObject(one, record ? 'bytes' : 'missing')]
  })
}

/** Files that no record names: an upload that was interrupted, or the rest of a deletion. */
export async function lookAtStrays(folder: string, objects: readonly RecordedObject[]): Promise<Finding[]> {
  const recorded = new Map(objects.map(({ bucket, key, record }) => [`${bucket}/${key}`, record.name]))
  const findings: Finding[] = []
  for (const bucket of buckets)
    for (const way of await filesIn(folder, bucket)) {
      const object = objectOfFile(way)
      if (object && recorded.get(`${bucket}/${object.key}`) === object.name) continue
      const file = join(folder, bucket, ...way)
      findings.push({
        part: 'leftovers',
        says: `The file ${file} is of no object: an interrupted write or deletion left it.`,
        todo: 'The next start of the host removes it, or "cloister doctor --repair".',
        grade: 'note',
        repair: { does: 'remove', file },
      })
    }
  const aside = await readdir(join(folder, '.unreadable')).catch(() => [])
  if (aside.length > 0)
    findings.push({
      part: 'objects',
      says: `${aside.length} files of an older version could not be read; they are kept in ${join(folder, '.unreadable')}.`,
      todo: 'Restore what they were from a backup, then delete them.',
      grade: 'damage',
    })
  return findings
}
