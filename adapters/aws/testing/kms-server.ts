/**
 * For tests: as much of KMS as the keys adapter speaks (JSON 1.1), on node:crypto. Keys tagged for another installation
 * are denied, as IAM conditions do.
 */
import {
  constants,
  createHmac,
  generateKeyPair,
  type KeyObject,
  privateDecrypt,
  randomBytes,
  randomUUID,
} from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { promisify } from 'node:util'

interface Held {
  pair?: { publicKey: KeyObject; privateKey: KeyObject }
  secret?: Buffer
  tags: Record<string, string>
  usage: string
  spec: string
  deleted?: true
}
type Body = Record<string, never> & { KeyId: string }
class KmsError extends Error {
  override name = 'KmsError'
}

export interface KmsServer {
  endpoint: string
  macKeyId: string
  foreignKeyId: string
  keys: Map<string, Held>
  calls: string[]
  close(): Promise<void>
}

export async function startKms(installation: string): Promise<KmsServer> {
  const keys = new Map<string, Held>()
  const aliases = new Map<string, string>()
  const calls: string[] = []
  const pair = () => promisify(generateKeyPair)('rsa', { modulusLength: 3072 })
  const macKeyId = randomUUID()
  const foreignKeyId = randomUUID()
  keys.set(macKeyId, {
    secret: randomBytes(32),
    tags: { 'cloister:installation': installation },
    usage: 'GENERATE_VERIFY_MAC',
    spec: 'HMAC_256',
  })
  keys.set(foreignKeyId, {
    pair: await pair(),
    tags: { 'cloister:installation': 'another' },
    usage: 'ENCRYPT_DECRYPT',
    spec: 'RSA_3072',
  })

  const find = (id: string, usage: string): Held => {
    const key = keys.get(id.startsWith('alias/') ? (aliases.get(id) ?? '') : id)
    if (!key) throw new KmsError('NotFoundException')
    if (key.tags['cloister:installation'] !== installation) throw new KmsError('AccessDeniedException')
    if (key.deleted) throw new KmsError('KMSInvalidStateException')
    if (usage && key.usage !== usage) throw new KmsError('InvalidKeyUsageException')
    return key
  }
  const acts: Record<string, (b: Body) => object | Promise<object>> = {
    DescribeKey: (body) => {
      find(body.KeyId, '')
      return { KeyMetadata: { KeyId: aliases.get(body.KeyId) ?? body.KeyId } }
    },
    CreateKey: async (body) => {
      const { KeySpec, KeyUsage, Tags } = body as unknown as {
        KeySpec: string
        KeyUsage: string
        Tags: { TagKey: string; TagValue: string }[]
      }
      if (KeySpec !== 'RSA_3072' || KeyUsage !== 'ENCRYPT_DECRYPT') throw new KmsError('ValidationException')
      const KeyId = randomUUID()
      keys.set(KeyId, {
        pair: await pair(),
        tags: Object.fromEntries(Tags.map((t) => [t.TagKey, t.TagValue])),
        usage: KeyUsage,
        spec: KeySpec,
      })
      return { KeyMetadata: { KeyId } }
    },
    CreateAlias: (body) => {
      const { AliasName, TargetKeyId } = body as unknown as { AliasName: string; TargetKeyId: string }
      if (!/^alias\/[a-zA-Z0-9/_-]+$/.test(AliasName)) throw new KmsError('InvalidAliasNameException')
      if (aliases.has(AliasName)) throw new KmsError('AlreadyExistsException')
      aliases.set(AliasName, TargetKeyId)
      return {}
    },
    ScheduleKeyDeletion: (body) => {
      find(body.KeyId, '').deleted = true
      return { KeyId: body.KeyId }
    },
    GetPublicKey: (body) => ({
      PublicKey: find(body.KeyId, 'ENCRYPT_DECRYPT')
        .pair!.publicKey.export({ type: 'spki', format: 'der' })
        .toString('base64'),
    }),
    Decrypt: (body) => {
      const { CiphertextBlob, EncryptionAlgorithm } = body as unknown as {
        CiphertextBlob: string
        EncryptionAlgorithm: string
      }
      const key = find(body.KeyId, 'ENCRYPT_DECRYPT')
      if (EncryptionAlgorithm !== 'RSAES_OAEP_SHA_256') throw new KmsError('ValidationException')
      try {
        return {
          Plaintext: privateDecrypt(
            { key: key.pair!.privateKey, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha256' },
            Buffer.from(CiphertextBlob, 'base64'),
          ).toString('base64'),
        }
      } catch {
        throw new KmsError('InvalidCiphertextException')
      }
    },
    GenerateMac: (body) => {
      const { Message, MacAlgorithm } = body as unknown as { Message: string; MacAlgorithm: string }
      const message = Buffer.from(Message, 'base64')
      if (MacAlgorithm !== 'HMAC_SHA_256' || message.length < 1 || message.length > 4096)
        throw new KmsError('ValidationException')
      return {
        Mac: createHmac('sha256', find(body.KeyId, 'GENERATE_VERIFY_MAC').secret!).update(message).digest('base64'),
      }
    },
  }

  const server = createServer((request, response) => {
    void (async () => {
      let text = ''
      for await (const chunk of request) text += String(chunk)
      const act = String(request.headers['x-amz-target']).replace('TrentService.', '')
      calls.push(act)
      response.setHeader('content-type', 'application/x-amz-json-1.1')
      try {
        response.end(JSON.stringify(await acts[act]!(JSON.parse(text) as Body)))
      } catch (e) {
        response.statusCode = 400
        response.end(
          JSON.stringify({ __type: e instanceof KmsError ? e.message : 'InternalFailure', message: 'refused' }),
        )
      }
    })()
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    macKeyId,
    foreignKeyId,
    keys,
    calls,
    async close() {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}
