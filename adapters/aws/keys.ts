/** Keys in KMS: an RSA_3072 pair per organisation, found by its alias, and one HMAC_256 key. */
import { createHash, createPublicKey } from 'node:crypto'
import {
  CreateAliasCommand,
  CreateKeyCommand,
  DecryptCommand,
  DescribeKeyCommand,
  GenerateMacCommand,
  GetPublicKeyCommand,
  KMSClient,
  type KMSClientConfig,
  ScheduleKeyDeletionCommand,
} from '@aws-sdk/client-kms'
import { KeyMissing, type Keys, type PublicKey, UnwrapFailed } from '../../ports/keys.ts'

export interface AwsKeysOptions extends Pick<KMSClientConfig, 'endpoint' | 'region' | 'credentials'> {
  /** Key id or ARN of the installation's HMAC_256 key. */
  macKeyId: string
  /** Name of the installation; tags and aliases carry it, and IAM conditions compare it. */
  installation: string
  client?: KMSClient
}

const named = (e: unknown, ...names: string[]): boolean => e instanceof Error && names.includes(e.name)
// Keys of other installations are denied by IAM conditions on the tag: to us they are not there.
const gone = [
  'NotFoundException',
  'AccessDeniedException',
  'InvalidArnException',
  'InvalidKeyUsageException',
  'KMSInvalidStateException',
  'DisabledException',
  'UnsupportedOperationException',
]
const rsa3072Bytes = 384

/** KMS keys of one installation. Public keys never change, so each is fetched once. */
export function awsKeys({ macKeyId, installation, client, ...options }: AwsKeysOptions): Keys {
  const kms =
    client ??
    new KMSClient({ ...options, maxAttempts: 4, requestHandler: { connectionTimeout: 3000, requestTimeout: 10_000 } })
  const publicKeys = new Map<string, Promise<PublicKey>>()
  const alias = (organisationId: string): string => `alias/cloister/${installation}/${organisationId}`
  // An alias or a foreign ARN is not a kid, even where KMS would accept it.
  const check = (kid: string): void => {
    if (!/^(mrk-)?[0-9a-f-]{32,40}$/.test(kid)) throw new KeyMissing('not a key id')
  }

  const byAlias = async (organisationId: string): Promise<string | undefined> => {
    try {
      return (await kms.send(new DescribeKeyCommand({ KeyId: alias(organisationId) }))).KeyMetadata!.KeyId!
    } catch (e) {
      if (named(e, 'NotFoundException')) return undefined
      throw e
    }
  }

  return {
    async createKey(organisationId) {
      const existing = await byAlias(organisationId)
      if (existing) return existing
      const made = await kms.send(
        new CreateKeyCommand({
          KeySpec: 'RSA_3072',
          KeyUsage: 'ENCRYPT_DECRYPT',
          Description: `Cloister ${installation}: wraps run keys of ${organisationId}`,
          Tags: [
            { TagKey: 'cloister:installation', TagValue: installation },
            { TagKey: 'cloister:organisation', TagValue: organisationId },
          ],
        }),
      )
      const kid = made.KeyMetadata!.KeyId!
      try {
        await kms.send(new CreateAliasCommand({ AliasName: alias(organisationId), TargetKeyId: kid }))
        return kid
      } catch (e) {
        if (!named(e, 'AlreadyExistsException')) throw e
        // Somebody else was first: theirs is the organisation's key, ours has wrapped nothing.
        await kms.send(new ScheduleKeyDeletionCommand({ KeyId: kid, PendingWindowInDays: 7 }))
        return (await byAlias(organisationId))!
      }
    },
    publicKey(kid) {
      const known = publicKeys.get(kid)
      if (known) return known
      const fetched = (async (): Promise<PublicKey> => {
        check(kid)
        try {
          const answer = await kms.send(new GetPublicKeyCommand({ KeyId: kid }))
          const { n: modulus, e: exponent } = createPublicKey({
            key: Buffer.from(answer.PublicKey!),
            format: 'der',
            type: 'spki',
          }).export({
            format: 'jwk',
          })
          return { kid, jwk: { kty: 'RSA', n: modulus!, e: exponent!, alg: 'RSA-OAEP-256' } }
        } catch (e) {
          throw named(e, ...gone) ? new KeyMissing('no such key pair') : e
        }
      })()
      publicKeys.set(kid, fetched)
      fetched.catch(() => publicKeys.delete(kid))
      return fetched
    },
    async unwrap(kid, wrapped) {
      check(kid)
      // KMS answers a wrong length with a general validation error; the port says what it means.
      if (wrapped.length !== rsa3072Bytes) throw new UnwrapFailed('not wrapped to this key')
      try {
        return (
          await kms.send(
            new DecryptCommand({ KeyId: kid, CiphertextBlob: wrapped, EncryptionAlgorithm: 'RSAES_OAEP_SHA_256' }),
          )
        ).Plaintext!
      } catch (e) {
        if (named(e, 'InvalidCiphertextException', 'IncorrectKeyException'))
          throw new UnwrapFailed('not wrapped to this key')
        throw named(e, ...gone) ? new KeyMissing('no such key pair') : e
      }
    },
    async mac(purpose, message) {
      // Hashed first: GenerateMac takes at most 4,096 bytes.
      const Message = Buffer.from(`${purpose}\0${createHash('sha256').update(message).digest('hex')}`)
      return (await kms.send(new GenerateMacCommand({ KeyId: macKeyId, MacAlgorithm: 'HMAC_SHA_256', Message }))).Mac!
    },
  }
}
