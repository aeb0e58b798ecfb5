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

export type Asset = z.infer<typeof AssetShape>
export type Signed = z.infer<typeof SignedShape>
export type Version = Awaited<ReturnType<Client['studies']['publish']>>
/** A file of a study: its path in the study, and its bytes (a Blob may be larger than memory). */
export interface StudyFile {
  path: string
  data: Blob | Uint8Array
}
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

/** SHA-256 of bytes or a Blob of any size, reporting the bytes read. */
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
  ask: (
    some: { path: string; sha256: string; size: number }[],
  ) => Promise<readonly { path: string; upload?: Signed | undefined }[]>
  progress?: ((p: PublishProgress) => void) | undefined
  send?: Send | undefined
  signal?: AbortSignal | undefined
}
/**
 * Hashes files and sends those the server does not hold yet, four at a time, straight to the store; at most 500 to a
 * question. Throws `UploadFailed`.
 */
export async function sendFiles(o: SendInput): Promise<{ path: string; sha256: string; size: number }[]> {
  const rows: FileProgress[] = o.files.map((f) => ({
    path: f.path,
    size: sizeOf(f.data),
    hashed: 0,
    sent: 0,
    state: 'waiting',
  }))
  const total = rows.reduce((n, r) => n + r.size, 0)
  const tell = (stage: PublishProgress['stage']) =>
    o.progress?.({
      stage,
      total,
      hashed: rows.reduce((n, r) => n + r.hashed, 0),
      sent: rows.reduce((n, r) => n + r.sent, 0),
      files: rows.map((r) => ({ ...r })),
    })
  const known: { path: string; sha256: string; size: number }[] = []
  for (const [i, file] of o.files.entries()) {
    o.signal?.throwIfAborted()
    const row = rows[i]!
    row.state = 'hashing'
    const sha256 = await hashFile(file.data, (n) => {
      row.hashed = n
      tell('hashing')
    })
    row.state = 'waiting'
    known.push({ path: file.path, sha256, size: row.size })
  }
  for (let from = 0; from < known.length; from += 500) {
    const answers = await o.ask(known.slice(from, from + 500))
    tell('uploading')
    await pool(answers, 4, async (answer) => {
      const i = known.findIndex((a) => a.path === answer.path)
      const row = rows[i]!
      const file = o.files[i]!
      for (let attempt = 1, link = answer.upload; link; attempt++) {
        row.state = 'uploading'
        try {
          await (o.send ?? sendWithFetch)(
            link,
            file.data,
            (n) => {
              row.sent = n
              tell('uploading')
            },
            o.signal,
          )
          break
        } catch (error) {
          if (attempt === 3 || !(error instanceof UploadFailed)) throw error
          // A signed link expires and a connection breaks: a fresh link tells whether the bytes have arrived after all.
          link = (await o.ask([known[i]!]))[0]?.upload
        }
      }
      row.sent = row.size
      row.state = 'stored'
      tell('uploading')
    })
  }
  return known
}

/** Sends a study's files. Throws `UploadFailed`. */
export async function uploadFiles(
  client: Client,
  o: Pick<PublishInput, 'studyId' | 'files' | 'progress' | 'send' | 'signal'>,
): Promise<Asset[]> {
  const withType = (f: { path: string; sha256: string; size: number }): Asset => ({ ...f, type: contentType(f.path) })
  const sent = await sendFiles({
    ...o,
    ask: async (some) =>
      (
        await client.studies.uploads({
          params: { studyId: o.studyId },
          body: { assets: some.map(withType) },
          ...(o.signal ? { signal: o.signal } : {}),
        })
      ).assets,
  })
  return sent.map(withType)
}

/** Publishes a version. Throws `ProblemError` (the configuration's errors are in `.errors`) or `UploadFailed`. */
export async function publishStudy(client: Client, o: PublishInput): Promise<Version> {
  const fresh = await uploadFiles(client, o)
  const replaced = new Set(fresh.map((a) => a.path))
  const assets = [...(o.kept ?? []).filter((a) => !replaced.has(a.path)), ...fresh].sort((a, b) =>
    a.path < b.path ? -1 : 1,
  )
  const total = fresh.reduce((n, a) => n + a.size, 0)
  const files: FileProgress[] = fresh.map((a) => ({
    path: a.path,
    size: a.size,
    hashed: a.size,
    sent: a.size,
    state: 'stored',
  }))
  o.progress?.({ stage: 'publishing', total, hashed: total, sent: total, files })
  const publish = () =>
    client.studies.publish({
      params: { studyId: o.studyId },
      body: { configuration: o.configuration, assets, note: o.note ?? '', expects: o.expects },
    })
  // Publishing the same content again answers the same version, so a lost answer is simply asked for again.
  const version = await publish().catch((error: unknown) => {
    if (error instanceof ProblemError && error.kind === 'unreachable') return publish()
    throw error
  })
  o.progress?.({ stage: 'done', total, hashed: total, sent: total, files })
  return version
}
