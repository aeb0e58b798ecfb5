/**
 * A study as files: a folder, or one `.cloister.zip`, with `study.json` (title, description, redirect hosts,
 * configuration) beside the study's own files.
 */
import { unzipSync, type Unzipped, Zip, ZipDeflate, ZipPassThrough } from 'fflate'
import { AssetPath } from '../contracts/studies.ts'

interface StudyContent {
  title?: string | undefined
  description?: string | undefined
  redirectHosts?: string[] | undefined
  configuration: Record<string, unknown>
}
/** A study with its files; paths are relative to it, `D` is their bytes. */
export interface StudyBundle<D> extends StudyContent {
  files: { path: string; data: D }[]
}

/** What was wrong with a study's folder or file, in a sentence for a person. */
export class StudyFileError extends Error {
  override name = 'StudyFileError'
}

export const studyFileName = 'study.json'
const notAStudy = /(^|\/)(\.git|\.DS_Store|Thumbs\.db|desktop\.ini|__MACOSX|node_modules|\.vscode|\.idea)(\/|$)/
const maxUnpacked = 2 * 1024 ** 3
const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/**
 * Reads `study.json`: either `{title, description, redirectHosts, configuration}` or the bare configuration.
 *
 * @throws {StudyFileError} when it is not JSON or not an object of either form.
 */
export function parseStudyJson(text: string): StudyContent {
  let json: unknown
  try {
    json = JSON.parse(text.replace(/^\uFEFF/, ''))
  } catch (e) {
    throw new StudyFileError(`${studyFileName} is not JSON: ${(e as Error).message}`, { cause: e })
  }
  if (!isRecord(json)) throw new StudyFileError(`${studyFileName} must hold a JSON object.`)
  if (!('configuration' in json))
    return { title: typeof json['title'] === 'string' ? json['title'] : undefined, configuration: json }
  const { title, description, configuration, redirectHosts } = json
  if (!isRecord(configuration)) throw new StudyFileError(`“configuration” in ${studyFileName} must be an object.`)
  return {
    title: typeof title === 'string' ? title : undefined,
    description: typeof description === 'string' ? description : undefined,
    ...(Array.isArray(redirectHosts) && redirectHosts.length > 0 ? { redirectHosts: redirectHosts.map(String) } : {}),
    configuration,
  }
}

/**
 * Paths as they are in the study: without the one folder that holds everything, and without what editors and systems
 * leave behind.
 */
export function studyPaths(paths: readonly string[]): Map<string, string> {
  const clean = paths
    .map((p) => [p, p.replaceAll('\\', '/').replace(/^\.?\/+/, '')] as const)
    .filter(([, p]) => p !== '' && !p.endsWith('/') && !notAStudy.test(p))
  const top = clean[0]?.[1].split('/')[0]
  const nested =
    top !== undefined && !clean.some(([, p]) => p === studyFileName) && clean.every(([, p]) => p.startsWith(`${top}/`))
  return new Map(clean.map(([raw, p]) => [raw, nested ? p.slice(top.length + 1) : p]))
}

/**
 * A study out of the files of a folder. Web pages without `study.json` are a web study that opens `index.html`.
 *
 * @param read Gives the text of a file.
 * @throws {StudyFileError} for a name that no file of a study may have, a `study.json` that is none, and a folder that
 *   holds neither.
 */
export async function studyOfFiles<D>(
  given: readonly { path: string; data: D }[],
  read: (data: D) => Promise<string>,
): Promise<StudyBundle<D>> {
  const names = studyPaths(given.map((file) => file.path))
  const files = given.flatMap(({ path: from, data }) => {
    const path = names.get(from)
    return path === undefined ? [] : [{ path, data }]
  })
  for (const { path } of files)
    if (!AssetPath.safeParse(path).success)
      throw new StudyFileError(
        `The file name “${path}” cannot be used: no ? # % or control characters, at most 300 characters.`,
      )
  const description = files.find((f) => f.path === studyFileName)
  const rest = files.filter((f) => f !== description).sort((a, b) => (a.path < b.path ? -1 : 1))
  if (description) return { ...parseStudyJson(await read(description.data)), files: rest }
  if (rest.some((f) => f.path === 'index.html'))
    return { configuration: { kind: 'web', entry: 'index.html' }, files: rest }
  throw new StudyFileError(
    `There is no ${studyFileName} (a timeline and its settings) and no index.html (a web study) at the top of what you chose.`,
  )
}

const isCompressed = /\.(png|jpe?g|gif|webp|avif|mp[34]|m4[av]|og[gva]|webm|woff2?|zip)$/i

/**
 * One zip file with everything of a study. Media is stored as it is, for it is compressed already. File by file, since
 * a file may be called `__proto__`, which the members of an object that lists them may not. Without workers: the
 * portal's content security policy allows none made from text.
 */
export function packStudy(study: StudyBundle<Uint8Array>): Uint8Array<ArrayBuffer> {
  const { files, title, description, redirectHosts, configuration } = study
  const parts: Uint8Array[] = []
  const zip = new Zip((error, part) => {
    if (error) throw error
    parts.push(part)
  })
  const add = (path: string, data: Uint8Array): void => {
    const file = isCompressed.test(path) ? new ZipPassThrough(path) : new ZipDeflate(path, { level: 6 })
    zip.add(file)
    file.push(data, true)
  }
  const about = JSON.stringify({ title, description, redirectHosts, configuration }, null, 2)
  add(studyFileName, new TextEncoder().encode(`${about}\n`))
  for (const { path, data } of files) add(path, data)
  zip.end()
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}

/**
 * Reads what `packStudy` wrote, or any zip of a study folder.
 *
 * @throws {StudyFileError} when it is no zip, would unpack to more than 2 GB, or holds no study.
 */
export async function unpackStudy(bytes: Uint8Array): Promise<StudyBundle<Uint8Array>> {
  let size = 0
  let unpacked: Unzipped
  try {
    unpacked = unzipSync(bytes, {
      filter: ({ originalSize }) => {
        size += originalSize
        if (size > maxUnpacked)
          throw new StudyFileError('This file would unpack to more than 2 GB. Publish from a folder instead.')
        return true
      },
    })
  } catch (cause) {
    throw cause instanceof StudyFileError
      ? cause
      : new StudyFileError('This is not a zip file, or it is damaged.', { cause })
  }
  const files = Object.entries(unpacked).map(([path, data]) => ({ path, data }))
  // A file of this name became what the list inherits from, in the place of one of its members.
  const inherited: unknown = Object.getPrototypeOf(unpacked)
  if (inherited instanceof Uint8Array) files.push({ path: '__proto__', data: inherited as Uint8Array<ArrayBuffer> })
  return studyOfFiles(files, async (data) => new TextDecoder().decode(data))
}
