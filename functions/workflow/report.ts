/** A runner's report: read from quarantine as bytes that nobody vouches for. */
import { ObjectMissing } from '../../ports/objects.ts'
import type { Deps } from '../kernel/deps.ts'
import { objectOf } from './job-item.ts'

/** Bytes of a report once it is unpacked. */
const largest = 512 * 1024 * 1024

/** The text of gzipped bytes; undefined when there is too much of it. Throws TypeError for what is not gzip. */
async function unpacked(bytes: Uint8Array): Promise<string | undefined> {
  const chunks: Uint8Array[] = []
  let size = 0
  const stream = new Blob([bytes as Uint8Array<ArrayBuffer>]).stream().pipeThrough(new DecompressionStream('gzip'))
  for await (const chunk of stream as unknown as AsyncIterable<Uint8Array>) {
    size += chunk.length
    if (size > largest) return undefined
    chunks.push(chunk)
  }
  return new TextDecoder().decode(Buffer.concat(chunks))
}

/**
 * The job's report as `accept` reads it out of the JSON; undefined when there is none, or nothing that is one: the
 * platform's failure, not the analyst's.
 */
export async function readReport<Report>(
  deps: Pick<Deps, 'objects'>,
  jobId: string,
  accept: (json: unknown) => Report | undefined,
): Promise<Report | undefined> {
  try {
    const text = await unpacked(await deps.objects.get('quarantine', objectOf.report(jobId)))
    return text === undefined ? undefined : accept(JSON.parse(text))
  } catch (e) {
    if (e instanceof ObjectMissing || e instanceof SyntaxError || e instanceof TypeError) return undefined
    throw e
  }
}
