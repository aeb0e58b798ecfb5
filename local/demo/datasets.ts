/** The demo's datasets, registered by its custodian through the same routes as real ones. */
import type { LocalObjects } from '../../adapters/local/objects.ts'
import type { Client } from '../../clients/api.ts'
import { sendFiles } from '../../clients/publish.ts'
import { type DemoDataset, demoDatasets } from './declared.ts'
import { sendInside } from './inside.ts'

export interface DatasetParts { organisationId: string; cleo: () => Client; objects: LocalObjects }

const pollMilliseconds = 40
const giveUpMilliseconds = 60_000

/** Waits for the job that reads or stores; what it found wrong is an error with its reason. */
async function settled(client: Client, datasetId: string, done: (s: { state: string; version: number; reading: string }) => boolean): Promise<void> {
  for (const until = Date.now() + giveUpMilliseconds; Date.now() < until;) {
    const [s, r] = await Promise.all([client.datasets.get({ params: { datasetId } }), client.datasets.reading({ params: { datasetId } })])
    if (r.state === 'failed') throw new Error(`A demo dataset cannot be made: ${r.problem?.file ?? ''} ${r.problem?.reason ?? ''}`)
    if (done({ state: s.state, version: s.version, reading: r.state })) return
    await new Promise((resolve) => setTimeout(resolve, pollMilliseconds))
  }
  throw new Error('A demo dataset was not finished in a minute')
}

/** One dataset from its name to its first version; whatever an interrupted attempt has left is taken up. */
async function register(o: DatasetParts, { declared: { name, title, description, declaredSubjects, schema, policy }, files }: DemoDataset): Promise<void> {
  const client = o.cleo()
  const known = (await client.datasets.list({ params: { organisationId: o.organisationId }, query: { limit: 200 } })).items.find((s) => s.name === name)
  if (known && known.version > 0) return
  const { datasetId } = known ?? await client.datasets.create({ params: { organisationId: o.organisationId }, body: { name, title, description, declaredSubjects } })
  const params = { datasetId }
  const bytes = Object.entries(files).map(([path, data]) => ({ path, data: typeof data === 'string' ? new TextEncoder().encode(data) : data }))
  const sent = await sendFiles({ files: bytes, ask: async (some) => (await client.datasets.uploads({ params, body: { files: some } })).uploads, send: sendInside(o.objects) })
  await client.datasets.read({ params, body: { files: sent } })
  await settled(client, datasetId, (s) => s.reading === 'ready')
  const { rev } = await client.datasets.get({ params })
  await client.datasets.publish({ params, body: { rev, schema, policy } })
  await settled(client, datasetId, (s) => s.version > 0)
}

/** Registers those of the three that are not published yet, side by side. Safe to run twice. */
export const seedDatasets = async (o: DatasetParts): Promise<void> => { await Promise.all((await demoDatasets()).map((s) => register(o, s))) }
