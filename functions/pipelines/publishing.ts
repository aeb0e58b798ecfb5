/**
 * Pipelines: their files, publishing versions, looking at them. A version never changes and is known by the hash of its
 * definition and files.
 */
import type { pipelines } from '../../contracts/pipelines.ts'
import { canonical, sha256Hex } from '../../domain/hash.ts'
import { defaultResources, definitionFaults, type PipelineDefinition } from '../../domain/pipelines/definition.ts'
import { AlreadyExists, ConditionFailed, type Item } from '../../ports/table.ts'
import { record, whoOf } from '../kernel/audit.ts'
import type { Deps } from '../kernel/deps.ts'
import { Failure, notFound } from '../kernel/failure.ts'
import type { Implementation } from '../kernel/handler.ts'
import { derivedId } from '../kernel/ids.ts'
import { indexKeyOf, keyOf, type PipelineItem, type PipelineVersionItem } from '../kernel/items.ts'
import { pipelineObject } from './objects.ts'
import { toPipeline, toVersion } from './view.ts'
import { each } from '../kernel/each.ts'
import { Names } from '../kernel/names.ts'
import { linkSeconds } from '../kernel/links.ts'
import { linksGiven } from '../stores/uploads.ts'
import { pipelineUploads } from './uploads.ts'
import { retrying } from '../kernel/retry.ts'

type Routes = (typeof pipelines)['routes']

/** Definition and list of files are kept in one item of the table. */
const longestVersion = 300_000

/** The id follows from organisation and name: publishing a name again makes a version. */
export const pipelineIdOf = (organisationId: string, name: string): Promise<string> =>
  derivedId('pip', organisationId, name)
/** A version’s item; undefined when there is none. */
export const versionOf = (
  deps: Pick<Deps, 'table'>,
  pipelineId: string,
  version: number,
): Promise<Item<PipelineVersionItem> | undefined> =>
  deps.table.get<PipelineVersionItem>(keyOf.pipelineVersion(pipelineId, version))
const newest = async (deps: Pick<Deps, 'table'>, pipelineId: string): Promise<Item<PipelineVersionItem> | undefined> =>
  (
    await deps.table.query<PipelineVersionItem>(keyOf.pipelineVersion.partition(pipelineId), {
      prefix: keyOf.pipelineVersion.prefix(),
      backwards: true,
      limit: 1,
    })
  ).items[0]

export const uploads: Implementation<Routes['uploads']> = async ({ params, body }, deps) => {
  const pipelineId = await pipelineIdOf(params.organisationId, body.name)
  await linksGiven(deps, pipelineUploads, pipelineId)
  return {
    pipelineId,
    uploads: await each(body.files, async ({ path, size, sha256 }) => {
      const key = pipelineObject.code(pipelineId, sha256)
      if ((await deps.objects.head('protected', key))?.size === size) return { path }
      return {
        path,
        upload: await deps.objects.signedPut(
          'protected',
          key,
          { sha256, size, type: 'application/octet-stream' },
          linkSeconds.transfer,
        ),
      }
    }),
  }
}

async function checkUploaded(deps: Deps, pipelineId: string, files: PipelineVersionItem['files']): Promise<void> {
  const heads = await each(files, (f) => deps.objects.head('protected', pipelineObject.code(pipelineId, f.sha256)))
  const missing = files.flatMap((file, index) =>
    heads[index]?.size === file.size
      ? []
      : [
          {
            path: `/body/files/${index}`,
            message: heads[index]
              ? `Stored with ${heads[index].size} bytes, declared with ${file.size}`
              : 'Not uploaded',
            value: file.path,
          },
        ],
  )
  if (missing.length > 0)
    throw new Failure(
      'asset-missing',
      `${missing.length} of ${files.length} files have not been uploaded. Ask for links (POST uploads), send the bytes, and publish again.`,
      missing.slice(0, 50),
    )
}

/** Makes the pipeline point at a version, unless it points at a later one. */
async function pointAt(
  deps: Deps,
  organisationId: string,
  { pipelineId, version, definition }: PipelineVersionItem,
): Promise<Item<PipelineItem>> {
  const at = deps.now().toISOString()
  const facts = {
    title: definition.title,
    description: definition.description,
    runtime: definition.runtime,
    version,
    parameters: Object.keys(definition.parameters.properties).length,
  }
  try {
    return await deps.table.create<PipelineItem>({
      ...facts,
      pipelineId,
      organisationId,
      name: definition.name,
      archived: false,
      created: at,
      changed: at,
      ...keyOf.pipeline(pipelineId),
      ...indexKeyOf.pipeline.ofOrganisation({ organisationId, created: at, pipelineId }),
    })
  } catch (e) {
    if (!(e instanceof AlreadyExists)) throw e
  }
  try {
    return await deps.table.update<PipelineItem>(keyOf.pipeline(pipelineId), {
      set: { ...facts, archived: false, changed: at },
      when: [{ attribute: 'version', is: 'at-most', value: version }],
    })
  } catch (e) {
    if (!(e instanceof ConditionFailed)) throw e
    return (await deps.table.get<PipelineItem>(keyOf.pipeline(pipelineId)))!
  }
}

const changedMeanwhile = (): Failure =>
  new Failure(
    'changed-meanwhile',
    'Somebody published this pipeline meanwhile. Look at the newest version, and publish again if yours is still wanted.',
  )

/**
 * The event, the version, then the pipeline that points at it: killed at any point, the same call again completes it.
 */
export const publish: Implementation<Routes['publish']> = async ({ params, body, caller, subject }, deps) => {
  const { organisationId } = params
  const definition: PipelineDefinition = {
    ...body.definition,
    resources: { ...defaultResources, ...body.definition.resources } as PipelineDefinition['resources'],
  }
  const files = [...body.files].sort((a, b) => (a.path < b.path ? -1 : 1))
  const paths = body.files.map((f) => f.path)
  const said = deps.aside
    ? await deps.aside('definitionFaults', definition, paths)
    : definitionFaults(definition, paths)
  const faults = said.map((fault) => ({
    ...fault,
    path: fault.path.startsWith('/files') ? `/body${fault.path}` : `/body/definition${fault.path}`,
  }))
  const text = canonical({ definition, files })
  if (text.length > longestVersion)
    faults.push({
      path: '/body/definition',
      message: 'Definition and list of files are too long together',
      expected: `at most ${longestVersion} characters`,
    })
  if (faults[0]) throw new Failure('invalid-pipeline', `${faults[0].path}: ${faults[0].message}`, faults.slice(0, 50))
  const pipelineId = await pipelineIdOf(organisationId, definition.name)
  const codeHash = await sha256Hex(text)
  let last = await newest(deps, pipelineId)
  const answer = async (version: PipelineVersionItem) => ({
    ...toPipeline(await pointAt(deps, organisationId, version), subject),
    definition: version.definition,
    newest: await toVersion(new Names(deps), version),
  })
  if (last?.codeHash === codeHash) return answer(last)
  if (body.expects !== undefined && body.expects !== (last?.version ?? 0)) throw changedMeanwhile()
  await checkUploaded(deps, pipelineId, body.files)
  return retrying(deps, async (tries) => {
    if (tries > 0) {
      last = await newest(deps, pipelineId)
      if (last?.codeHash === codeHash) return answer(last)
      if (body.expects !== undefined) throw changedMeanwhile()
    }
    const item: PipelineVersionItem = {
      pipelineId,
      version: (last?.version ?? 0) + 1,
      definition,
      files,
      codeHash,
      note: body.note,
      published: deps.now().toISOString(),
      publishedBy: caller.userId,
    }
    await record(deps, organisationId, whoOf(caller), [
      {
        act: 'pipeline.published',
        object: `pipeline ${pipelineId}`,
        detail: { name: definition.name, version: item.version, codeHash },
      },
    ])
    await deps.table.create({ ...item, ...keyOf.pipelineVersion(pipelineId, item.version) })
    return answer(item)
  })
}

export const list: Implementation<Routes['list']> = async ({ params, query, subject }, deps) => {
  const { items, next } = await deps.table.query<PipelineItem>(
    indexKeyOf.pipeline.ofOrganisation.partition(params.organisationId),
    {
      index: true,
      prefix: indexKeyOf.pipeline.ofOrganisation.prefix(),
      backwards: true,
      limit: query.limit,
      after: query.after,
    },
  )
  const text = query.text?.toLowerCase()
  const found = items.filter(
    (pipeline) =>
      pipeline.archived === query.archived &&
      (text === undefined || `${pipeline.name} ${pipeline.title} ${pipeline.description}`.toLowerCase().includes(text)),
  )
  return { items: found.map((p) => toPipeline(p, subject)), next }
}

export const get: Implementation<Routes['get']> = async ({ pipeline, subject }, deps) => {
  const version = await versionOf(deps, pipeline.pipelineId, pipeline.version)
  if (!version) throw notFound()
  return {
    ...toPipeline(pipeline, subject),
    definition: version.definition,
    newest: await toVersion(new Names(deps), version),
  }
}

export const versions: Implementation<Routes['versions']> = async ({ pipeline, query }, deps) => {
  const { items, next } = await deps.table.query<PipelineVersionItem>(
    keyOf.pipelineVersion.partition(pipeline.pipelineId),
    {
      prefix: keyOf.pipelineVersion.prefix(),
      backwards: true,
      limit: query.limit,
      after: query.after,
    },
  )
  const names = new Names(deps)
  return { items: await Promise.all(items.map((v) => toVersion(names, v))), next }
}

export const version: Implementation<Routes['version']> = async ({ pipeline, params }, deps) => {
  const item = await versionOf(deps, pipeline.pipelineId, params.version)
  if (!item) throw notFound()
  const code = await each(item.files, async (file) => ({
    ...file,
    download: await deps.objects.signedGet(
      'protected',
      pipelineObject.code(pipeline.pipelineId, file.sha256),
      linkSeconds.transfer,
      file.path.split('/').at(-1),
    ),
  }))
  return { ...(await toVersion(new Names(deps), item)), definition: item.definition, code }
}

export const archive: Implementation<Routes['archive']> = async ({ pipeline, body, caller, subject }, deps) => {
  if (body.rev !== pipeline.rev) throw changedMeanwhile()
  await record(deps, pipeline.organisationId, whoOf(caller), [
    { act: 'pipeline.archived', object: `pipeline ${pipeline.pipelineId}`, detail: { archived: body.archived } },
  ])
  try {
    return toPipeline(
      await deps.table.update<PipelineItem>(keyOf.pipeline(pipeline.pipelineId), {
        set: { archived: body.archived, changed: deps.now().toISOString() },
        when: [{ attribute: 'rev', is: 'equal', value: body.rev }],
      }),
      subject,
    )
  } catch (e) {
    throw e instanceof ConditionFailed ? changedMeanwhile() : e
  }
}
