/**
 * The demo's pipelines, published by its researcher through the same routes as real ones, and an experiment that waits
 * for its first run. Nothing is run: publishing needs neither Python nor R.
 */
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { LocalObjects } from '../../adapters/local/objects.ts'
import type { Client } from '../../clients/api.ts'
import { sendFiles } from '../../clients/publish.ts'
import { sendInside } from './in-process-client.ts'
import { recording, recordingRate } from './recording.ts'

export interface PipelineParts {
  organisationId: string
  rosa: () => Client
  objects: LocalObjects
}

type Definition = Parameters<Client['pipelines']['publish']>[0]['body']['definition']
const examples = fileURLToPath(new URL('../../examples/pipelines', import.meta.url))
const title = 'First recording'

/** Publishes a folder of `examples/pipelines`; publishing the same again answers what is there. */
async function publish(parts: PipelineParts, folder: string): ReturnType<Client['pipelines']['publish']> {
  const top = join(examples, folder)
  const params = { organisationId: parts.organisationId }
  const paths = (await readdir(top, { recursive: true, withFileTypes: true }))
    .filter((e) => e.isFile())
    .map((entry) =>
      join(entry.parentPath, entry.name)
        .slice(top.length + 1)
        .replaceAll('\\', '/'),
    )
    .filter((p) => p !== 'pipeline.json' && !/(^|\/)(\.|__pycache__)/.test(p))
    .sort()
  const definition = JSON.parse(await readFile(join(top, 'pipeline.json'), 'utf8')) as Definition
  const files = await sendFiles({
    files: await Promise.all(
      paths.map(async (path) => ({ path, data: new Uint8Array(await readFile(join(top, path))) })),
    ),
    send: sendInside(parts.objects),
    ask: async (some) =>
      (await parts.rosa().pipelines.uploads({ params, body: { name: definition.name, files: some } })).uploads,
  })
  return parts.rosa().pipelines.publish({ params, body: { definition, files, note: 'First version' } })
}

/**
 * Publishes both and sets up the experiment with its recording; what an interrupted attempt has left is taken up. Safe
 * to run twice.
 */
export async function seedPipelines(parts: PipelineParts): Promise<void> {
  const [imaging] = await Promise.all([publish(parts, 'calcium-imaging'), publish(parts, 'trial-measures')])
  const rosa = parts.rosa()
  const organisation = { organisationId: parts.organisationId }
  const known = (
    await rosa.pipelines.experiments({
      params: organisation,
      query: { whose: 'mine', pipelineId: imaging.pipelineId, limit: 200 },
    })
  ).items.find((e) => e.title === title)
  const { experimentId, rev, inputs } = known
    ? await rosa.pipelines.experiment({ params: { experimentId: known.experimentId } })
    : await rosa.pipelines.createExperiment({
        params: organisation,
        body: {
          pipelineId: imaging.pipelineId,
          title,
          description: 'Eight seconds of an invented field of view',
          parameters: { frame_rate: recordingRate },
        },
      })
  if (inputs.length > 0) return
  const params = { experimentId }
  const sent = await sendFiles({
    files: [{ path: 'recording.tif', data: recording() }],
    send: sendInside(parts.objects),
    ask: async (some) => (await rosa.pipelines.inputUploads({ params, body: { files: some } })).uploads,
  })
  await rosa.pipelines.changeExperiment({
    params,
    body: { rev, inputs: { stack: sent.map((f) => ({ from: 'upload' as const, ...f })) } },
  })
}
