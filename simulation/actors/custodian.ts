/** A custodian who makes a dataset: files, a schema, a version that can be asked, perhaps its end. */
import { createHash } from 'node:crypto'
import { ProblemError } from '../../clients/api.ts'
import { defaultDatasetPolicy } from '../../domain/datasets/policy.ts'
import type { DatasetSchema } from '../../domain/datasets/schema.ts'
import { keyOf, type DatasetItem } from '../../functions/kernel/items.ts'
import { places } from '../beginning.ts'
import type { Chance } from '../chance.ts'
import { clientOf, type Stage } from '../stage.ts'

const schema: DatasetSchema = {
  images: [],
  tables: [
    {
      name: 'subjects',
      file: 'subjects.csv',
      oneRowPerSubject: true,
      columns: [
        { name: 'subject', type: 'text', role: 'subject' },
        { name: 'arm', type: 'category', categories: ['x', 'y'] },
      ],
    },
  ],
}

/** Somebody, or the job before, has changed it meanwhile. */
const passing = ['changed-meanwhile', 'wrong-state']

/** From nothing to a version, and on. What was acknowledged stays. */
export async function keepDataset(stage: Stage, who: string, own: Chance): Promise<void> {
  const { datasets } = clientOf(`person:${who}`)
  const { organisationId } = places
  const name = `set-${own.whole()}`
  await stage.world.pause(own.between(0, 20_000))
  const made = await stage
    .insist(() => datasets.create({ params: { organisationId }, body: { name, title: 'Another', description: '' } }))
    .catch((error: unknown) => {
      // A request whose answer was lost has made it.
      if (error instanceof ProblemError && error.kind === 'already-exists') return undefined
      throw error
    })
  const datasetId =
    made?.datasetId ??
    (await stage.insist(() => datasets.list({ params: { organisationId }, query: { limit: 200 } }))).items.find(
      (one) => one.name === name,
    )?.datasetId
  // A catalogue that is behind does not show it yet: then this custodian leaves it at that.
  if (datasetId === undefined) return
  const params = { datasetId }
  const get = () => stage.insist(() => datasets.get({ params }))
  stage.told.acts.push({
    what: `dataset ${datasetId}`,
    check: () => {
      const held = stage.world.items.get(keyOf.dataset(datasetId)) as unknown as DatasetItem | undefined
      return held ? undefined : 'was acknowledged and is lost'
    },
  })
  const readable = own.happens(0.8)
  const text = `${readable ? '' : 'broken '}subject,arm\na,x\n`
  const bytes = new TextEncoder().encode(text)
  const file = { path: 'subjects.csv', size: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') }

  /** Tries until the dataset stands as wanted, or cannot any more. */
  async function until(
    wanted: (state: string, version: number) => boolean,
    act: (rev: number) => Promise<unknown>,
  ): Promise<void> {
    for (let tries = 0; tries < 200; tries++) {
      const { state, version, rev } = await get()
      if (wanted(state, version) || state === 'retired') return
      await act(rev).catch((error: unknown) => {
        if (!(error instanceof ProblemError) || !passing.includes(error.kind)) throw error
      })
      await stage.world.pause(4000)
    }
    throw new Error(`${datasetId} does not get on`)
  }

  // Some think better of it while their files are being read, or once they see what is proposed.
  const leaves = own.happens(0.3)
  let read = 0
  for (let version = own.between(0, 2), at = 1; at <= version; at++) {
    stage.world.objects.set(`protected datasets/${datasetId}/blobs/${file.sha256}`, {
      bytes,
      size: bytes.length,
      type: 'application/octet-stream',
      sha256: file.sha256,
    })
    const body = { files: [file] }
    const reads = (): Promise<unknown> => stage.insist(() => datasets.read({ params, body }))
    let looks = 0
    if (leaves && own.happens(0.5)) {
      await reads()
      break
    }
    await until(
      (state, stands) =>
        stands === 0 ? state === 'proposed' || (state === 'draft' && read > 1) : read > 0 && own.happens(0.5),
      async () => {
        const { state } = await get()
        // A job that failed leaves the dataset as it is: it is read again.
        if (state === 'draft' || read === 0 || ++looks % 40 === 0) {
          read++
          await reads()
        }
      },
    )
    if (!readable || leaves) break
    if (own.happens(0.4)) await reads()
    await until(
      (_, stands) => stands >= at,
      async (rev) => {
        // The reading beside a version that stands may have failed since: then there is nothing to confirm.
        if (++looks % 40 === 0) await reads()
        else await stage.insist(() => datasets.publish({ params, body: { rev, schema, policy: defaultDatasetPolicy } }))
      },
    )
    read = 0
  }
  if (leaves || own.happens(0.5))
    await until(
      (state) => state === 'retired',
      (rev) => stage.insist(() => datasets.retire({ params, body: { rev } })),
    )
}
