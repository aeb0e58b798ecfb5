/**
 * The key of a sealed home within a backup: in the clear there, as the archive is encrypted by a passphrase of its own.
 * A restore wraps it under that passphrase before anything is on the disk.
 */
import { homeKeyBytes, type Seal } from '../../adapters/local/seal.ts'
import type { Source } from './archive.ts'
import { sealName } from './seal-file.ts'

interface Carried {
  kind: 'cloister-home-key'
  key: string
}

/** The entry of the archive; it has the name of the file that a restore makes of it. */
export function carriedKey({ key }: Seal): Source {
  const carried: Carried = { kind: 'cloister-home-key', key: Buffer.from(key).toString('base64') }
  return { name: sealName, bytes: Buffer.from(JSON.stringify(carried)) }
}

/** The key of such an entry. Throws a `SyntaxError` when it is none. */
export async function keyCarried(body: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const parts: Uint8Array[] = []
  for await (const part of body) parts.push(part)
  const carried = JSON.parse(Buffer.concat(parts).toString('utf8')) as Partial<Carried>
  const key = Buffer.from(carried.key ?? '', 'base64')
  if (carried.kind !== 'cloister-home-key' || key.length !== homeKeyBytes) throw new SyntaxError('no key of a home')
  return key
}
