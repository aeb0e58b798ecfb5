/** Objects by bucket and key, with links that expire. */
export const buckets = ['assets', 'sealed', 'protected', 'quarantine', 'released'] as const
export type Bucket = (typeof buckets)[number]

/** What is known of an object without reading it. */
export interface ObjectHead {
  size: number
  type: string
  /** SHA-256 as hex, when it was given at upload. */
  sha256?: string
}
/** A link that whoever has it may use until it expires (ISO 8601), with these headers. */
export interface SignedLink {
  method: 'PUT' | 'GET'
  url: string
  headers: Record<string, string>
  expires: string
}

export interface ObjectStore {
  /** Writes the whole object, also over one that is there. */
  put(bucket: Bucket, key: string, bytes: Uint8Array, type: string): Promise<void>
  /** All bytes. Throws `ObjectMissing` when there is none. */
  get(bucket: Bucket, key: string): Promise<Uint8Array>
  /** Size in bytes and media type; undefined when there is none. */
  head(bucket: Bucket, key: string): Promise<ObjectHead | undefined>
  /** Within one bucket, as the media type `type`. Throws `ObjectMissing` when the source is not there. */
  copy(bucket: Bucket, from: string, to: string, type: string): Promise<void>
  /** Nothing happens when it is not there. */
  remove(bucket: Bucket, key: string): Promise<void>
  /** Keys with a prefix, in order. */
  list(bucket: Bucket, prefix: string): AsyncIterable<string>
  /**
   * A link that accepts exactly `size` bytes whose SHA-256 is `sha256`, and nothing else.
   * The caller must send `headers` unchanged.
   */
  signedPut(
    bucket: Bucket,
    key: string,
    what: { sha256: string; size: number; type: string },
    seconds: number,
  ): Promise<SignedLink>
  /**
   * A link that accepts whatever is written to this one key under the type `type`, as often as it is used: for a sender
   * that cannot know size and digest before. At most `largestWrite` bytes where the store can hold it to that.
   */
  signedWrite(bucket: Bucket, key: string, type: string, seconds: number): Promise<SignedLink>
  /** A link to read one object, also one that is not there yet; `filename` is what a browser saves it as. */
  signedGet(bucket: Bucket, key: string, seconds: number, filename?: string): Promise<SignedLink>
}

/** What a link of `signedWrite` may take, in bytes. */
export const largestWrite = 512 * 1024 * 1024

/** There is no object of this key in the bucket. */
export class ObjectMissing extends Error {
  override name = 'ObjectMissing'
}

/** What is wrong with the bytes of an object: there are none, not as many as there were, or others. */
export type ObjectFault = 'missing' | 'size' | 'bytes'
/** An object is not what was stored. Its message names the bucket alone: keys hold ids, but also names of files. */
export class ObjectDamaged extends Error {
  override name = 'ObjectDamaged'
  readonly bucket: Bucket
  readonly key: string
  readonly fault: ObjectFault
  constructor(bucket: Bucket, key: string, fault: ObjectFault) {
    super(`${fault} in ${bucket}`)
    this.bucket = bucket
    this.key = key
    this.fault = fault
  }
}

/** `Content-Disposition` for a download, safe for any name (RFC 6266). */
export const attachment = (filename: string): string =>
  `attachment; filename="${filename.replaceAll(/[^A-Za-z0-9._ -]/g, '_')}"; filename*=UTF-8''${encodeURIComponent(filename.toWellFormed()).replaceAll(/['()*!]/g, (c) => `%${c.codePointAt(0)!.toString(16).toUpperCase()}`)}`
