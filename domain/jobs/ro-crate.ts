/**
 * A release as a Five Safes RO-Crate (RO-Crate 1.2, https://w3id.org/5s-crate/0.4): who asked what of which data, the
 * sign-off before it ran, the run, the disclosure check, and the files that left. Packed as the profile asks: a BagIt
 * 1.0 bag (RFC 8493) with SHA-512 manifests, the crate in `data/`.
 */
import { hex } from '../hash.ts'
import { crateMetadata } from './crate-metadata.ts'
import { type CrateInput, payload } from './crate-payload.ts'

/** A file of the bag. */
export interface BagFile {
  path: string
  bytes: Uint8Array
}

const sha512 = async (bytes: Uint8Array): Promise<string> =>
  hex(new Uint8Array(await crypto.subtle.digest('SHA-512', bytes as Uint8Array<ArrayBuffer>)))

const textFile = (path: string, text: string): BagFile => ({ path, bytes: new TextEncoder().encode(text) })

/** A manifest: one line a file, its SHA-512 and its path. */
async function manifest(path: string, files: readonly BagFile[]): Promise<BagFile> {
  const lines = await Promise.all(files.map(async (file) => `${await sha512(file.bytes)}  ${file.path}\n`))
  return textFile(path, lines.join(''))
}

/** Name and bytes of every file of the bag, below one folder called after the job: what goes into the ZIP. */
export async function crateFiles(input: CrateInput): Promise<BagFile[]> {
  const { card, node } = input
  const metadata = textFile('ro-crate-metadata.json', `${JSON.stringify(crateMetadata(input), null, 2)}\n`)
  const data = [metadata, ...payload(input)].map(({ path, bytes }) => ({ path: `data/${path}`, bytes }))
  const size = data.reduce((sum, file) => sum + file.bytes.length, 0)
  const info = [
    `External-Identifier: ${node.origin}/jobs/${card.jobId}`,
    `Bagging-Date: ${card.released.slice(0, 10)}`,
    `Payload-Oxum: ${size}.${data.length}`,
  ]
  const tags = [
    textFile('bagit.txt', 'BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n'),
    textFile('bag-info.txt', `${info.join('\n')}\n`),
    await manifest('manifest-sha512.txt', data),
  ]
  const all = [...tags, await manifest('tagmanifest-sha512.txt', tags), ...data]
  return all.map(({ path, bytes }) => ({ path: `${card.jobId}/${path}`, bytes }))
}
