/**
 * Uploads that nothing names. Links are given to send files to a folder, and what the files are for is said afterwards,
 * or never. A while after the last link the folder is looked at, and what nothing names goes.
 */
import { ObjectMissing } from '../../ports/objects.ts'
import type { Key } from '../../ports/table.ts'
import type { Deps } from '../kernel/deps.ts'
import { type DueLook, dueLooks, endLook, type Place, planLook, putOffLook, stillDue } from '../kernel/looks.ts'

type Stores = Pick<Deps, 'table' | 'objects' | 'now'>
type Named = ReadonlySet<string> | 'left' | undefined

/** A kind of folder that uploads go to, each known by the id of what it belongs to. */
export interface UploadFolder {
  bucket: 'assets' | 'protected'
  /** What keys of its objects begin with. */
  prefix: (id: string) => string
  /** Of its pointer: key, the way back, and place in the index by the time of the look. */
  key: (id: string) => Key
  idOf: (key: Key) => string
  place: (id: string, at: string) => Place
  partition: string
  /** Days from the last link to the look: longer than anybody takes to say what the files are for. */
  quietDays: number
  /** Every key that something names; `left` when its owner is gone, and undefined while nothing can be told. */
  named: (deps: Stores, id: string) => Promise<Named>
}

const dayMilliseconds = 24 * 60 * 60 * 1000
const inDays = (now: Date, days: number): string => new Date(now.getTime() + days * dayMilliseconds).toISOString()
/** Folders per visit: others come at the next. */
const foldersPerVisit = 20

/** Says that links of a folder are given now. Before they are: killed in between, the folder is looked at in vain. */
export const linksGiven = (deps: Pick<Deps, 'table' | 'now'>, folder: UploadFolder, id: string): Promise<void> =>
  planLook(deps, folder.key(id), folder.place(id, inDays(deps.now(), folder.quietDays)))

/** Asks for a look at a folder that has lost its owner: now, and the links that were given for it have ended. */
export const folderLeft = (
  deps: Pick<Deps, 'table' | 'now'>,
  folder: UploadFolder,
  id: string,
  linkSeconds: number,
): Promise<void> => {
  const at = new Date(deps.now().getTime() + linkSeconds * 1000).toISOString()
  return planLook(deps, folder.key(id), folder.place(id, at))
}

async function namedIn(deps: Stores, folder: UploadFolder, id: string): Promise<Named> {
  try {
    return await folder.named(deps, id)
  } catch (e) {
    // A list that names files is not there: then nothing is known to be unnamed.
    if (e instanceof ObjectMissing) return undefined
    throw e
  }
}

async function tidy(deps: Stores, folder: UploadFolder, due: DueLook): Promise<void> {
  if (!(await stillDue(deps, due))) return
  const id = folder.idOf(due)
  const named = await namedIn(deps, folder, id)
  if (!named) return putOffLook(deps, due, folder.place(id, inDays(deps.now(), 1)))
  for await (const key of deps.objects.list(folder.bucket, folder.prefix(id))) {
    if (named !== 'left' && named.has(key)) continue
    // Somebody asks for links at this moment, and may be told that this very file is there already.
    if (!(await stillDue(deps, due))) return
    await deps.objects.remove(folder.bucket, key)
  }
  // Nobody is given links for what is gone: its pointer is of no use any more.
  if (named === 'left') await deps.table.remove({ pk: due.pk, sk: due.sk })
  else await endLook(deps, due)
}

/**
 * Looks at the folders of a kind that are due, and plans anew from now on what was planned further ahead than that.
 * Safe to run twice.
 */
export async function tidyUploads(deps: Stores, folder: UploadFolder): Promise<void> {
  const { quietDays } = folder
  const when = { now: deps.now(), horizonSeconds: (quietDays * dayMilliseconds) / 1000, limit: foldersPerVisit }
  const { due, astray } = await dueLooks(deps, folder.partition, when)
  for (const look of due) await tidy(deps, folder, look)
  for (const look of astray)
    await putOffLook(deps, look, folder.place(folder.idOf(look), inDays(deps.now(), quietDays)))
}
