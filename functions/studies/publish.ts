/** Versions: uploads, publish, reading, export. A version is immutable and known by the hash of its content. */
import type { studies } from '../../contracts/studies.ts'
import { bounds, bytesInWords } from '../../domain/bounds.ts'
import { validateConfiguration } from '../../domain/studies/configuration-validation.ts'
import { contentHash } from '../../domain/studies/content-hash.ts'
import { diffAssets, diffConfigurations, diffSummary } from '../../domain/studies/diff.ts'
import { ConditionFailed, type Item } from '../../ports/table.ts'
import { record, whoOf } from '../kernel/audit.ts'
import type { Deps } from '../kernel/deps.ts'
import { each } from '../kernel/each.ts'
import { Failure } from '../kernel/failure.ts'
import type { Implementation } from '../kernel/handler.ts'
import { keyOf, type StudyItem, type VersionItem } from '../kernel/items.ts'
import { documentKey, versionDocument, versionItem } from '../stores/study-version.ts'
import { changedMeanwhile, refuseDeleted } from './lifecycle.ts'
import { isGoing } from '../stores/study-rest.ts'
import { assetKey, studyUploads } from '../stores/study-uploads.ts'
import { linksGiven } from '../stores/uploads.ts'
import { describe } from '../stores/study-presentation.ts'
import { toVersion } from './view.ts'
import { linkSeconds } from '../kernel/links.ts'
import { retrying } from '../kernel/retry.ts'

type Routes = (typeof studies)['routes']
interface File {
  path: string
  sha256: string
  size: number
  type: string
}

export const uploads: Implementation<Routes['uploads']> = async ({ study, body }, deps) => {
  await linksGiven(deps, studyUploads, study.organisationId)
  const assets = await each(body.assets, async ({ path, sha256, size, type }) => {
    const key = assetKey(study.organisationId, sha256)
    if ((await deps.objects.head('assets', key))?.size === size) return { path, sha256, present: true }
    return {
      path,
      sha256,
      present: false,
      upload: await deps.objects.signedPut('assets', key, { sha256, size, type }, linkSeconds.transfer),
    }
  })
  return { assets }
}

/** Paths that would stand in another file's place. `.cloister/` is the platform's own folder beside every version. */
function checkPaths(files: readonly File[]): void {
  const seen = new Map<string, number>()
  const errors = files.flatMap(({ path }, index) => {
    const twin = seen.get(path)
    seen.set(path, index)
    if (path.split('/')[0]!.toLowerCase() === '.cloister')
      return [
        { path: `/body/assets/${index}/path`, message: 'The folder .cloister belongs to the platform', value: path },
      ]
    return twin === undefined
      ? []
      : [{ path: `/body/assets/${index}/path`, message: `The same path as asset ${twin}`, value: path }]
  })
  if (errors.length > 0) throw new Failure('invalid-configuration', `${errors[0]!.path}: ${errors[0]!.message}`, errors)
}

/** A version may hold so many bytes; how many files, its contract says. */
function checkBounds(files: readonly File[]): void {
  const bytes = files.reduce((sum, file) => sum + file.size, 0)
  if (bytes > bounds.study.bytes)
    throw new Failure(
      'bound-reached',
      `A version of a study may have files of ${bytesInWords(bounds.study.bytes)} together; these have ${bytesInWords(bytes)}.`,
    )
}

async function checkUploaded(deps: Deps, organisationId: string, files: readonly File[]): Promise<void> {
  const heads = await each(files, (f) => deps.objects.head('assets', assetKey(organisationId, f.sha256)))
  const missing = files.flatMap((file, index) =>
    heads[index]?.size === file.size
      ? []
      : [
          {
            path: `/body/assets/${index}`,
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
      `${missing.length} of ${files.length} assets have not been uploaded. Ask for upload links (POST uploads), send the bytes, and publish again.`,
      missing.slice(0, 50),
    )
}

const newest = async (deps: Deps, studyId: string): Promise<Item<VersionItem> | undefined> =>
  (
    await deps.table.query<VersionItem>(keyOf.version.partition(studyId), {
      prefix: keyOf.version.prefix(),
      backwards: true,
      limit: 1,
    })
  ).items[0]

/** Makes the study point at a version, unless it points at a later one. */
async function bump(deps: Deps, study: StudyItem, version: number): Promise<void> {
  if (study.version >= version) return
  try {
    await deps.table.update(keyOf.study(study.studyId), {
      set: { version, changed: deps.now().toISOString() },
      when: [{ attribute: 'version', is: 'at-most', value: version - 1 }],
    })
  } catch (e) {
    if (!(e instanceof ConditionFailed)) throw e
  }
}

/**
 * Files first, then the event, then the version item, then the study: killed at any point, the same call again
 * completes it.
 */
export const publish: Implementation<Routes['publish']> = async ({ study, caller, body }, deps) => {
  refuseDeleted(study)
  checkPaths(body.assets)
  checkBounds(body.assets)
  const paths = body.assets.map((a) => a.path)
  const checked = deps.aside
    ? await deps.aside('validateConfiguration', body.configuration, paths)
    : validateConfiguration(body.configuration, paths)
  if (!checked.ok)
    throw new Failure(
      'invalid-configuration',
      `${checked.errors[0]!.path}: ${checked.errors[0]!.message}`,
      checked.errors.slice(0, 50),
    )
  const configuration = checked.configuration as unknown as Record<string, unknown>
  const files = [...body.assets].sort((a, b) => (a.path < b.path ? -1 : 1))
  const hash = await contentHash(configuration, files)
  let last = await newest(deps, study.studyId)
  if (last && last.contentHash === hash) {
    await bump(deps, study, last.version)
    return toVersion(last)
  }
  if (body.expects !== undefined && body.expects !== (last?.version ?? 0)) throw changedMeanwhile()
  await checkUploaded(deps, study.organisationId, body.assets)
  // The document comes last: where it is, every file is, perhaps by somebody else's hand. What has been published is
  // never written again.
  if (!(await deps.objects.head('assets', documentKey(hash)))) {
    await each(files, async (f) =>
      deps.objects.copy('assets', assetKey(study.organisationId, f.sha256), `s/${hash}/${f.path}`, f.type),
    )
    await deps.objects.put(
      'assets',
      documentKey(hash),
      new TextEncoder().encode(JSON.stringify({ configuration, files })),
      'application/json',
    )
  }
  const { kind, conditions } = describe(configuration)
  return retrying(deps, async (tries) => {
    if (tries > 0) {
      last = await newest(deps, study.studyId)
      if (last && last.contentHash === hash) {
        await bump(deps, study, last.version)
        return toVersion(last)
      }
      if (body.expects !== undefined) throw changedMeanwhile()
    }
    const version = (last?.version ?? 0) + 1
    const item: VersionItem = {
      studyId: study.studyId,
      version,
      contentHash: hash,
      kind,
      note: body.note,
      published: deps.now().toISOString(),
      publishedBy: caller.userId,
      assets: files.length,
      bytes: files.reduce((sum, f) => sum + f.size, 0),
      conditions,
    }
    await record(deps, study.organisationId, whoOf(caller), [
      {
        act: 'study.published',
        object: `study ${study.studyId}`,
        detail: { version, contentHash: hash, assets: files.length },
      },
    ])
    await deps.table.create({ ...item, ...keyOf.version(study.studyId, version) })
    // Deleted at this moment: its versions were looked for before this one was there.
    if (await isGoing(deps, study.studyId)) {
      await deps.table.remove(keyOf.version(study.studyId, version))
      throw changedMeanwhile()
    }
    await bump(deps, study, version)
    return toVersion(item)
  })
}

export const versions: Implementation<Routes['versions']> = async ({ study, query }, deps) => {
  const page = await deps.table.query<VersionItem>(keyOf.version.partition(study.studyId), {
    prefix: keyOf.version.prefix(),
    backwards: true,
    limit: query.limit,
    after: query.after,
  })
  return { items: page.items.map(toVersion), next: page.next }
}

export const version: Implementation<Routes['version']> = async ({ study, params }, deps) => {
  const item = await versionItem(deps, study.studyId, params.version)
  return { ...toVersion(item), ...(await versionDocument(deps, item.contentHash)) }
}

export const diff: Implementation<Routes['diff']> = async ({ study, params, query }, deps) => {
  const [before, after] = await Promise.all(
    [query.from, params.version].map(async (v) =>
      versionDocument(deps, (await versionItem(deps, study.studyId, v)).contentHash),
    ),
  )
  const configuration = diffConfigurations(before!.configuration, after!.configuration)
  const assets = diffAssets(before!.files, after!.files)
  return { from: query.from, to: params.version, configuration, assets, summary: diffSummary(configuration, assets) }
}

export const files: Implementation<Routes['files']> = async ({ study, params, caller }, deps) => {
  const item = await versionItem(deps, study.studyId, params.version)
  const document = await versionDocument(deps, item.contentHash)
  await record(deps, study.organisationId, whoOf(caller), [
    {
      act: 'study.exported',
      object: `study ${study.studyId}`,
      detail: { version: item.version, contentHash: item.contentHash },
    },
  ])
  return {
    files: await each(document.files, async (file) => ({
      ...file,
      download: await deps.objects.signedGet(
        'assets',
        `s/${item.contentHash}/${file.path}`,
        linkSeconds.transfer,
        file.path.split('/').at(-1),
      ),
    })),
  }
}
