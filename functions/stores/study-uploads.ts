/** Assets that were uploaded for studies: named by the versions of the organisation's studies. */
import { queryAll } from '../../ports/table.ts'
import type { Deps } from '../kernel/deps.ts'
import { indexKeyOf, keyOf, type StudyItem, type VersionItem } from '../kernel/items.ts'
import { documentKey, type VersionDocument } from './study-version.ts'
import type { UploadFolder } from './uploads.ts'
import { readJson } from '../kernel/stored-json.ts'

/** assets: an uploaded file, by what it holds. */
export const assetKey = (organisationId: string, sha256: string): string => `blobs/${organisationId}/${sha256}`

type Stores = Pick<Deps, 'table' | 'objects'>

async function* versionsOf({ table }: Stores, organisationId: string): AsyncGenerator<string> {
  const { ofOrganisation } = indexKeyOf.study
  const studies = queryAll<Pick<StudyItem, 'studyId'>>(table, ofOrganisation.partition(organisationId), {
    index: true,
    prefix: ofOrganisation.prefix(),
    attributes: ['studyId'],
  })
  for await (const { studyId } of studies)
    for await (const { contentHash } of queryAll<Pick<VersionItem, 'contentHash'>>(
      table,
      keyOf.version.partition(studyId),
      { prefix: keyOf.version.prefix(), attributes: ['contentHash'] },
    ))
      yield contentHash
}

/** Uploads of an organisation's studies. */
export const studyUploads: UploadFolder = {
  bucket: 'assets',
  prefix: (organisationId) => `blobs/${organisationId}/`,
  key: keyOf.studyUploads,
  idOf: (key) => keyOf.studyUploads.read(key)!.organisationId,
  place: (organisationId, at) => indexKeyOf.studyUploads.byTime({ organisationId, at }),
  partition: indexKeyOf.studyUploads.byTime.partition(),
  // They are uploaded when they are published; somebody of the organisation publishes most days.
  quietDays: 1,
  named: async (deps, organisationId) => {
    const named = new Set<string>()
    const seen = new Set<string>()
    for await (const hash of versionsOf(deps, organisationId)) {
      if (seen.has(hash)) continue
      seen.add(hash)
      const { files } = await readJson<VersionDocument>(deps, 'assets', documentKey(hash))
      for (const { sha256 } of files) named.add(assetKey(organisationId, sha256))
    }
    return named
  },
}
