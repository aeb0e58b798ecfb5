/** Objects that hold JSON. */
import { type Bucket, ObjectMissing } from '../../ports/objects.ts'

import type { Deps } from './deps.ts'

/** A value as UTF-8 JSON, without spaces. */
export const jsonBytes = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value))

/** An object as JSON; nobody checks its shape. Throws `ObjectMissing`, and `SyntaxError` for what is no JSON. */
export const readJson = async <T>(deps: Pick<Deps, 'objects'>, bucket: Bucket, key: string): Promise<T> =>
  JSON.parse(new TextDecoder().decode(await deps.objects.get(bucket, key))) as T

/** The same; undefined when there is no such object. */
export async function readJsonIfThere<T>(
  deps: Pick<Deps, 'objects'>,
  bucket: Bucket,
  key: string,
): Promise<T | undefined> {
  try {
    return await readJson<T>(deps, bucket, key)
  } catch (e) {
    if (e instanceof ObjectMissing) return undefined
    throw e
  }
}
