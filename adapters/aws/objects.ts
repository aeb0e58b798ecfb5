/** Objects in S3, one bucket per sensitivity. */
import { createHash } from 'node:crypto'
import {
  CopyObjectCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
  type S3ClientConfig,
} from '@aws-sdk/client-s3'
import { getSignedUrl } from '@aws-sdk/s3-request-presigner'
import { attachment, type Bucket, ObjectMissing, type ObjectStore, type SignedLink } from '../../ports/objects.ts'

export interface AwsObjectsOptions extends Pick<
  S3ClientConfig,
  'endpoint' | 'region' | 'credentials' | 'forcePathStyle'
> {
  /** Names of the buckets; '' for one that this function may not use. */
  buckets: Record<Bucket, string>
  client?: S3Client
}

const missing = (e: unknown): boolean => e instanceof Error && ['NoSuchKey', 'NotFound'].includes(e.name)

/** The store on S3. Links are SigV4 query-signed; a PUT link signs length, type and SHA-256, which S3 checks. */
export function awsObjects({ buckets, client, ...options }: AwsObjectsOptions): ObjectStore {
  const s3 =
    client ??
    new S3Client({
      ...options,
      maxAttempts: 4,
      requestChecksumCalculation: 'WHEN_REQUIRED',
      responseChecksumValidation: 'WHEN_REQUIRED',
      requestHandler: {
        connectionTimeout: 3000,
        requestTimeout: 60_000,
        httpAgent: { keepAlive: true, maxSockets: 64 },
        httpsAgent: { keepAlive: true, maxSockets: 64 },
      },
    })
  const bucketOf = (bucket: Bucket): string => {
    if (!buckets[bucket]) throw new Error(`This function has no bucket for ${bucket}`)
    return buckets[bucket]
  }
  const expiry = (seconds: number): string => new Date(Date.now() + seconds * 1000).toISOString()

  return {
    async put(bucket, key, bytes, type) {
      await s3.send(
        new PutObjectCommand({
          Bucket: bucketOf(bucket),
          Key: key,
          Body: bytes,
          ContentType: type,
          ContentLength: bytes.length,
          ChecksumSHA256: createHash('sha256').update(bytes).digest('base64'),
        }),
      )
    },
    async get(bucket, key) {
      try {
        return await (
          await s3.send(new GetObjectCommand({ Bucket: bucketOf(bucket), Key: key }))
        ).Body!.transformToByteArray()
      } catch (e) {
        throw missing(e) ? new ObjectMissing(`in ${bucket}`) : e
      }
    },
    async head(bucket, key) {
      try {
        const head = await s3.send(
          new HeadObjectCommand({ Bucket: bucketOf(bucket), Key: key, ChecksumMode: 'ENABLED' }),
        )
        return {
          size: head.ContentLength ?? 0,
          type: head.ContentType ?? 'application/octet-stream',
          ...(head.ChecksumSHA256 ? { sha256: Buffer.from(head.ChecksumSHA256, 'base64').toString('hex') } : {}),
        }
      } catch (e) {
        if (missing(e)) return undefined
        throw e
      }
    },
    async copy(bucket, from, to, type) {
      const source = `${bucketOf(bucket)}/${from.split('/').map(encodeURIComponent).join('/')}`
      try {
        await s3.send(
          new CopyObjectCommand({
            Bucket: bucketOf(bucket),
            Key: to,
            CopySource: source,
            MetadataDirective: 'REPLACE',
            ContentType: type,
          }),
        )
      } catch (e) {
        throw missing(e) ? new ObjectMissing(`in ${bucket}`) : e
      }
    },
    async remove(bucket, key) {
      await s3.send(new DeleteObjectCommand({ Bucket: bucketOf(bucket), Key: key }))
    },
    async *list(bucket, prefix) {
      let token: string | undefined
      do {
        const listed = await s3.send(
          new ListObjectsV2Command({
            Bucket: bucketOf(bucket),
            Prefix: prefix,
            ...(token ? { ContinuationToken: token } : {}),
          }),
        )
        for (const object of listed.Contents ?? []) yield object.Key!
        token = listed.IsTruncated ? listed.NextContinuationToken : undefined
      } while (token)
    },
    async signedPut(bucket, key, { sha256, size, type }, seconds): Promise<SignedLink> {
      const checksum = Buffer.from(sha256, 'hex').toString('base64')
      const command = new PutObjectCommand({
        Bucket: bucketOf(bucket),
        Key: key,
        ContentLength: size,
        ContentType: type,
        ChecksumSHA256: checksum,
      })
      // Signed as headers, not moved into the query: S3 then compares what was really sent.
      const url = await getSignedUrl(s3, command, {
        expiresIn: seconds,
        signableHeaders: new Set(['host', 'content-type', 'content-length', 'x-amz-checksum-sha256']),
        unhoistableHeaders: new Set(['x-amz-checksum-sha256']),
      })
      // The sender's HTTP stack sets content-length itself; scripts in a browser may not.
      return {
        method: 'PUT',
        url,
        headers: { 'content-type': type, 'x-amz-checksum-sha256': checksum },
        expires: expiry(seconds),
      }
    },
    async signedWrite(bucket, key, type, seconds): Promise<SignedLink> {
      const command = new PutObjectCommand({ Bucket: bucketOf(bucket), Key: key, ContentType: type })
      return {
        method: 'PUT',
        url: await getSignedUrl(s3, command, {
          expiresIn: seconds,
          signableHeaders: new Set(['host', 'content-type']),
        }),
        headers: { 'content-type': type },
        expires: expiry(seconds),
      }
    },
    async signedGet(bucket, key, seconds, filename): Promise<SignedLink> {
      const command = new GetObjectCommand({
        Bucket: bucketOf(bucket),
        Key: key,
        ...(filename === undefined ? {} : { ResponseContentDisposition: attachment(filename) }),
      })
      return {
        method: 'GET',
        url: await getSignedUrl(s3, command, { expiresIn: seconds }),
        headers: {},
        expires: expiry(seconds),
      }
    },
  }
}
