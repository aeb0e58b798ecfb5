/** Sending a dataset's files, having them read, and confirming the schema: what `add` and `publish` do. */
import { type Client, ProblemError } from '../../api.ts'
import { DatasetFileError } from '../../dataset-file.ts'
import type { DatasetSchema } from '../../../domain/datasets/schema.ts'
import { type PublishProgress, sendFiles } from '../../publish.ts'
import { CliError, exits } from '../io.ts'
import { poll, tablePauses } from '../poll.ts'
import type { Session } from '../session.ts'
import { byteSize, count, tame } from '../text.ts'
import { faulty } from './declaration.ts'
import type { Dataset } from './find.ts'

/** What the server made of the files. */
export type Reading = Awaited<ReturnType<Client['datasets']['reading']>>

const standing = ({ stage, files, hashed, sent, total }: PublishProgress): string =>
  stage === 'hashing'
    ? `Reading ${count(files.length, 'file')}, ${byteSize(hashed)} of ${byteSize(total)}`
    : `Uploading ${byteSize(sent)} of ${byteSize(total)}`

/**
 * Sends what the protected store does not have yet, and answers the files by path, size in bytes and SHA-256.
 *
 * @throws {UploadFailed} when a file does not arrive, and `ProblemError` when the server refuses them.
 */
export const upload = (
  { client, io }: Session,
  datasetId: string,
  files: { path: string; data: Blob }[],
): ReturnType<typeof sendFiles> =>
  sendFiles({
    files,
    progress: (progress) => io.progress(standing(progress)),
    signal: io.signal,
    ask: async (some) => {
      const { uploads } = await client.datasets.uploads({
        params: { datasetId },
        body: { files: some },
        signal: io.signal,
      })
      return uploads
    },
  })

/** Why a job that read or stored failed, with its place in the files. */
function failed({ problem }: Reading): CliError {
  const line = problem?.line ? `, line ${problem.line}` : ''
  const place = problem?.file ? `${tame(problem.file)}${line}: ` : ''
  return new CliError(
    exits.no,
    `${place}${tame(problem?.reason ?? 'The job failed.')}`,
    'Correct the files or the schema, and run the same command again.',
  )
}

/**
 * Waits until the job that reads or stores has come to its end.
 *
 * @param doing What is shown meanwhile: `Reading tables`.
 * @throws {CliError} with what it found wrong.
 */
export const finished = (
  { client, io }: Session,
  datasetId: string,
  doing: string,
  isDone: (reading: Reading) => boolean | Promise<boolean>,
): Promise<Reading> =>
  poll(
    io,
    tablePauses,
    () => client.datasets.reading({ params: { datasetId }, signal: io.signal }),
    (reading) => {
      if (reading.state === 'failed') throw failed(reading)
      return isDone(reading)
    },
    ({ jobId }) => `${doing} … (${jobId ?? ''})`,
  )

/**
 * Confirms a schema and waits until its version is in the catalogue.
 *
 * @param before The dataset as it was.
 * @param where The file whose faults are told.
 * @throws {CliError} with every fault of the schema and its place, or with what went wrong while it was stored.
 */
export async function confirm(
  session: Session,
  before: Dataset,
  schema: DatasetSchema,
  policy: Dataset['policy'],
  where: string,
): Promise<Dataset> {
  const params = { datasetId: before.datasetId }
  const { datasets } = session.client
  const { rev } = await datasets.get({ params })
  try {
    await datasets.publish({ params, body: { rev, schema, policy } })
  } catch (e) {
    throw e instanceof ProblemError && e.kind === 'invalid-schema' ? faulty(where, misfit(e)) : e
  }
  await finished(
    session,
    before.datasetId,
    'Storing',
    async () => (await datasets.get({ params })).version > before.version,
  )
  return datasets.get({ params })
}

/** The server names places in what it was sent, whose body the declaration is. */
const misfit = ({ errors }: ProblemError): DatasetFileError =>
  new DatasetFileError(
    'The schema does not fit.',
    errors.map(({ path, message, expected }) => ({ path: path.replace(/^\/body/, ''), message, expected })),
  )

/** Says that a version is in the catalogue, and where. */
export const publishedText = ({ server }: Session, { version, title, name, datasetId }: Dataset): string =>
  `Published version ${version} of “${tame(title)}” (${name})\n  ${server}/datasets/${datasetId}`
