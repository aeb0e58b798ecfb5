/** The demo's datasets, registered by its custodian through the same routes as real ones. */
import type { LocalObjects } from '../../adapters/local/objects.ts'
import { type Client, ProblemError } from '../../clients/api.ts'
import { sendFiles } from '../../clients/publish.ts'
import { type DemoDataset, demoDatasets } from './declared.ts'
import { sendInside } from './in-process-client.ts'

export interface DatasetParts {
  organisationId: string
  cleo: () => Client
  objects: LocalObjects
}

const pollMilliseconds = 120
const giveUpMilliseconds = 60_000

/** Looks until something is there. */
async function until<T>(look: () => Promise<T | undefined>): Promise<T> {
  for (const end = Date.now() + giveUpMilliseconds; Date.now() < end;) {
    const found = await look()
    if (found !== undefined) return found
    await new Promise((resolve) => setTimeout(resolve, pollMilliseconds))
  }
  throw new Error('A demo dataset was not finished in a minute')
}
const cannot = (why: string | undefined): Error =>
  new Error(`A demo dataset cannot be made: ${why ?? 'its job ended without an answer'}`)

/** One dataset from its name to its first version; whatever an interrupted attempt has left is taken up. */
async function register(
  parts: DatasetParts,
  { declared: { name, title, description, declaredSubjects, schema, policy }, files }: DemoDataset,
): Promise<void> {
  const client = parts.cleo()
  const known = (
    await client.datasets.list({ params: { organisationId: parts.organisationId }, query: { limit: 200 } })
  ).items.find((s) => s.name === name)
  if (known && known.version > 0) return
  const { datasetId } =
    known ??
    (await client.datasets.create({
      params: { organisationId: parts.organisationId },
      body: { name, title, description, declaredSubjects },
    }))
  const params = { datasetId }
  const bytes = Object.entries(files).map(([path, data]) => ({
    path,
    data: typeof data === 'string' ? new TextEncoder().encode(data) : data,
  }))
  const sent = await sendFiles({
    files: bytes,
    ask: async (some) => (await client.datasets.uploads({ params, body: { files: some } })).uploads,
    send: sendInside(parts.objects),
  })
  await client.datasets.read({ params, body: { files: sent } })
  await until(async () => {
    const now = await client.datasets.get({ params })
    if (now.problem) throw cannot(now.problem)
    if (now.state !== 'proposed') return undefined
    try {
      return await client.datasets.publish({ params, body: { rev: now.rev, schema, policy } })
    } catch (e) {
      // The reading's own job may still write its end.
      if (e instanceof ProblemError && (e.kind === 'changed-meanwhile' || e.kind === 'wrong-state')) return undefined
      throw e
    }
  })
  await until(async () => {
    const dataset = await client.datasets.get({ params })
    if (dataset.problem) throw cannot(dataset.problem)
    return dataset.version > 0 ? true : undefined
  })
}

/** Registers those of the three that are not published yet, side by side. Safe to run twice. */
export const seedDatasets = async (parts: DatasetParts): Promise<void> => {
  await Promise.all((await demoDatasets()).map((s) => register(parts, s)))
}
