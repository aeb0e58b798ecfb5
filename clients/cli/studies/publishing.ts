/** Making a study and publishing a version of it, for `publish` and `import`. */
import { randomUUID } from 'node:crypto'
import { type Client, ProblemError } from '../../api.ts'
import { publishStudy, type PublishProgress, type StudyFile, type Version } from '../../publish.ts'
import { organisationOf, type Session } from '../session.ts'
import { megabytes } from '../text.ts'
import { invalid } from './folder.ts'

type Study = Awaited<ReturnType<Client['studies']['study']>>

/** What is to be published. */
interface Publication {
  /** The file whose faults are told, as the person knows it. */
  where: string
  configuration: Record<string, unknown>
  files: readonly StudyFile[]
  note: string
}

function standing({ stage, files, hashed, sent, total }: PublishProgress): string {
  if (stage === 'hashing') return `Reading ${files.length} files, ${megabytes(hashed)} of ${megabytes(total)}`
  if (stage === 'uploading') return `Uploading ${megabytes(sent)} of ${megabytes(total)}`
  return 'Publishing …'
}

/**
 * Publishes a version of a study that is there. `fresh` is false when it was published already.
 *
 * @throws {CliError} with every fault of the configuration and its place, when the server refuses it.
 * @throws {ProblemError} when the server refuses otherwise, and `UploadFailed` when a file does not arrive.
 */
export async function publishTo(
  session: Session,
  studyId: string,
  { where, configuration, files, note }: Publication,
): Promise<{ study: Study; version: Version; fresh: boolean }> {
  const study = await session.client.studies.study({ params: { studyId } })
  try {
    const version = await publishStudy(session.client, {
      studyId,
      configuration,
      files,
      note,
      expects: study.version,
      progress: (progress) => session.io.progress(standing(progress)),
      signal: session.io.signal,
    })
    return { study, version, fresh: version.version !== study.version }
  } catch (e) {
    if (e instanceof ProblemError && e.kind === 'invalid-configuration') throw invalid(where, e.errors)
    throw e
  }
}

/**
 * Makes a study without a version, and answers its id.
 *
 * @param org Whose it is, by id or name.
 * @throws {CliError} when it is not clear whose it is, and `ProblemError` when the server refuses it.
 */
export async function createStudy(
  session: Session,
  org: string | undefined,
  title: string,
  description: string,
): Promise<string> {
  const { organisationId } = await organisationOf(session, org)
  const { studyId } = await session.client.studies.create({
    params: { organisationId },
    body: { title, description, requestId: randomUUID() },
  })
  return studyId
}
