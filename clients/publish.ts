/**
 * Publishing a study: hash its files, upload what the server does not have yet, publish. The portal and the command
 * line run this same code.
 */
import type { z } from 'zod'
import type { Asset as AssetShape } from '../contracts/studies.ts'
import type { Signed as SignedShape } from '../contracts/shapes.ts'
import { sha256Hex } from '../domain/hash.ts'
import { ProblemError, type Client } from './api.ts'
import { contentType } from './content-type.ts'
import { Sha256Stream } from './sha256-stream.ts'

/** A file of a version of a study. */
export type Asset = z.infer<typeof AssetShape>
/** A signed link: where and how to send bytes. */
export type Signed = z.infer<typeof SignedShape>
/** A published version. */
export type Version = Awaited<ReturnType<Client['studies']['publish']>>
/** A file of a study: its path in the study, and its bytes (a Blob may be larger than memory). */
export interface StudyFile {
  path: string
  data: Blob | Uint8Array
}
/** How far one file is; sizes in bytes. */
interface FileProgress {
  path: string
  size: number
  hashed: number
  sent: number
  state: 'waiting' | 'hashing' | 'uploading' | 'stored'
}
/** `hashed` and `sent` count bytes; what the server holds already counts as sent. */
export interface PublishProgress {
  stage: 'hashing' | 'uploading' | 'publishing' | 'done'
  total: number
  hashed: number
  sent: number
  files: readonly FileProgress[]
}

/** Sends bytes to a signed link, reporting how many have gone. Throws `UploadFailed`. */
export type Send = (
  link: Signed,
  data: Blob | Uint8Array,
  sent: (bytes: number) => void,
  signal?: AbortSignal,
) => Promise<void>
/** A file did not arrive in the store. */
export class UploadFailed extends Error {
  override name = 'UploadFailed'
  /** HTTP status of the store's refusal; 0 when it was not reached. */
  readonly status: number
  constructor(status: number, options?: ErrorOptions) {
    super(
      status === 0
        ? 'The connection broke during an upload. Publish again: what has arrived is not sent twice.'
        : `The store refused an upload (${status}). Publish again: what has arrived is not sent twice.`,
      options,
    )
    this.status = status
  }
}

/** Sends with `fetch`, which tells only when everything has gone. */
const sendWithFetch: Send = async (link, data, sent, signal) => {
  let response: Response
  try {
    response = await fetch(link.url, {
      method: link.method,
      headers: link.headers,
      body: data as BodyInit,
      ...(signal ? { signal } : {}),
    })
  } catch (cause) {
    signal?.throwIfAborted()
    throw new UploadFailed(0, { cause })
  }
  if (!response.ok) throw new UploadFailed(response.status)
  sent(sizeOf(data))
}

const sizeOf = (data: Blob | Uint8Array): number => (data instanceof Blob ? data.size : data.length)
const wholeBytes = 32 * 1024 * 1024

/**
 * SHA-256 in hex of bytes or a Blob of any size, reporting the bytes read; large ones are never whole in memory.
 *
 * @throws {DOMException} when a file changed or went away while it was read.
 */
export async function hashFile(data: Blob | Uint8Array, hashed: (bytes: number) => void = () => {}): Promise<string> {
  if (sizeOf(data) <= wholeBytes) {
    const digest = await sha256Hex(data instanceof Blob ? new Uint8Array(await data.arrayBuffer()) : data)
    hashed(sizeOf(data))
    return digest
  }
  const stream = new Sha256Stream()
  for (let at = 0; at < sizeOf(data); at += wholeBytes) {
    const piece =
      data instanceof Blob
        ? new Uint8Array(await data.slice(at, at + wholeBytes).arrayBuffer())
        : data.subarray(at, at + wholeBytes)
    stream.update(piece)
    hashed(at + piece.length)
  }
  return stream.digest()
}

async function pool<T>(items: readonly T[], width: number, work: (item: T) => Promise<void>): Promise<void> {
  let next = 0
  await Promise.all(
    Array.from({ length: Math.min(width, items.length) }, async () => {
      while (next < items.length) await work(items[next++]!)
    }),
  )
}

interface PublishInput {
  studyId: string
  configuration: Record<string, unknown>
  /** New or changed files. */
  files: readonly StudyFile[]
  /** Files of an earlier version that stay as they are. */
  kept?: readonly Asset[]
  note?: string
  /** The newest version when the work began: somebody else's version is not published over. */
  expects?: number
  progress?: (p: PublishProgress) => void
  send?: Send
  signal?: AbortSignal
}

interface SendInput {
  files: readonly StudyFile[]
  /**
   * Signed links for what the server does not hold yet; asked again when a link fails, for then the bytes may have
   * arrived after all.
   */
  ask: (some: Hashed[]) => Promise<readonly { path: string; upload?: Signed | undefined }[]>
  progress?: ((p: PublishProgress) => void) | undefined
  send?: Send | undefined
  signal?: AbortSignal | undefined
}
/** A file as the server knows it: its size in bytes, and its SHA-256 in hex. */
interface Hashed {
  path: string
  sha256: string
  size: number
}
/** Files of one question to the server, and files sent at once. */
const filesAQuestion = 500
const filesAtOnce = 4
/** How often a file is sent before its failure counts. */
const attempts = 3

const sum = (rows: readonly FileProgress[], of: 'size' | 'hashed' | 'sent'): number =>
  rows.reduce((total, row) => total + row[of], 0)

/**
 * Hashes files and sends those the server does not hold yet, four at a time, straight to the store; at most 500 to a
 * question. Answers each file with its size in bytes and its SHA-256, in the order given.
 *
 * @throws {UploadFailed} when a file was refused or the connection broke three times, and what `ask` throws.
 */
export async function sendFiles(input: SendInput): Promise<Hashed[]> {
  const { files, ask, progress, send = sendWithFetch, signal } = input
  const rows = files.map(({ path, data }): FileProgress => ({
    path,
    size: sizeOf(data),
    hashed: 0,
    sent: 0,
    state: 'waiting',
  }))
  const total = sum(rows, 'size')
  const tell = (stage: PublishProgress['stage']): void =>
    progress?.({
      stage,
      total,
      hashed: sum(rows, 'hashed'),
      sent: sum(rows, 'sent'),
      files: rows.map((row) => ({ ...row })),
    })
  const known: Hashed[] = []
  for (const [index, { path, data }] of files.entries()) {
    signal?.throwIfAborted()
    const row = rows[index]!
    row.state = 'hashing'
    const sha256 = await hashFile(data, (bytes) => {
      row.hashed = bytes
      tell('hashing')
    })
    row.state = 'waiting'
    known.push({ path, sha256, size: row.size })
  }
  const sendOne = async (index: number, first: Signed | undefined): Promise<void> => {
    const row = rows[index]!
    const sent = (bytes: number): void => {
      row.sent = bytes
      tell('uploading')
    }
    for (let attempt = 1, link = first; link; attempt++) {
      row.state = 'uploading'
      try {
        await send(link, files[index]!.data, sent, signal)
        break
      } catch (error) {
        if (attempt === attempts || !(error instanceof UploadFailed)) throw error
        // A signed link expires and a connection breaks: a fresh link tells whether the bytes have arrived after all.
        link = (await ask([known[index]!]))[0]?.upload
      }
    }
    row.state = 'stored'
    sent(row.size)
  }
  for (let from = 0; from < known.length; from += filesAQuestion) {
    const answers = await ask(known.slice(from, from + filesAQuestion))
    tell('uploading')
    await pool(answers, filesAtOnce, (answer) =>
      sendOne(
        known.findIndex(({ path }) => path === answer.path),
        answer.upload,
      ),
    )
  }
  return known
}

const withType = (file: Hashed): Asset => ({ ...file, type: contentType(file.path) })

/**
 * Sends a study's files, and answers them as a version names them.
 *
 * @throws {UploadFailed} when a file does not arrive, and `ProblemError` when the server refuses them.
 */
export async function uploadFiles(
  client: Client,
  { studyId, ...input }: Pick<PublishInput, 'studyId' | 'files' | 'progress' | 'send' | 'signal'>,
): Promise<Asset[]> {
  const ask = async (some: readonly Hashed[]): ReturnType<SendInput['ask']> => {
    const { assets } = await client.studies.uploads({
      params: { studyId },
      body: { assets: some.map(withType) },
      ...(input.signal ? { signal: input.signal } : {}),
    })
    return assets
  }
  return (await sendFiles({ ...input, ask })).map(withType)
}

/**
 * Publishes a version: sends its files, then its configuration. Publishing the same content again answers the same
 * version.
 *
 * @throws {ProblemError} with the configuration's errors in `.errors`, and `UploadFailed` when a file does not arrive.
 */
export async function publishStudy(client: Client, input: PublishInput): Promise<Version> {
  const { studyId, configuration, kept = [], note = '', expects, progress } = input
  const fresh = await uploadFiles(client, input)
  const replaced = new Set(fresh.map(({ path }) => path))
  const assets = [...kept.filter(({ path }) => !replaced.has(path)), ...fresh].sort((a, b) =>
    a.path < b.path ? -1 : 1,
  )
  const files = fresh.map(({ path, size }): FileProgress => ({ path, size, hashed: size, sent: size, state: 'stored' }))
  const total = sum(files, 'size')
  progress?.({ stage: 'publishing', total, hashed: total, sent: total, files })
  const publish = (): Promise<Version> =>
    client.studies.publish({ params: { studyId }, body: { configuration, assets, note, expects } })
  // Publishing the same content again answers the same version, so a lost answer is simply asked for again.
  const version = await publish().catch((error: unknown) => {
    if (error instanceof ProblemError && error.kind === 'unreachable') return publish()
    throw error
  })
  progress?.({ stage: 'done', total, hashed: total, sent: total, files })
  return version
}
